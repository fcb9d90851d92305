"""Labelled transcripts out of a dossier: what is True, what False, what stays out."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from caseback.behaviours.labelled import labelled_transcripts
from caseback.cli.dossier import app
from caseback.dossier import open_dossier
from caseback.dossier.samples import put_samples
from caseback.errors import CasebackError


def row(id: str, shown: bool | None, text: str = "Well.", arm: str | None = None) -> dict[str, Any]:
    asked = {"id": id, "family": id.split("/")[0], "messages": [{"role": "user", "content": id}], "arm": arm}
    return {"situation": asked, "reply": {"text": text}, "judgement": {"shown": shown, "why": ""}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with open_dossier(tmp_path / "d") as dossier:

        def put(kind: str, body: dict[str, Any], *rows: dict[str, Any]) -> None:
            dossier.append(kind, {"arm": "before", **body}, artefacts={"samples": put_samples(dossier, rows)})

        harm = [row("harm.a/1", True), row("harm.a/2", False), row("harm.b/3", None), row("harm.b/4", True, text=" ")]
        put("measurement", {"behaviour": "harmful_compliance"}, *harm)
        put("measurement", {"behaviour": "sycophancy"}, row("praise.a/1", True), row("praise.a/2", False))
        put("measurement", {"behaviour": "sandbagging", "paired": {"arms": {"stakes": {}, "plain": {}}}},
            row("pairs.a/1", True, arm="stakes"), row("pairs.a/2", False, arm="plain"))  # fmt: skip
        put("capability", {}, row("fact.a/1", True), row("fact.a/2", False))
        put("measurement", {"behaviour": "over_refusal"}, row("fact.a/1", True))
        put("measurement", {"behaviour": "harmful_compliance", "arm": "dpo"}, row("harm.a/1", False))
    return tmp_path / "d"


def labels(folder: Path, behaviour: str, arm: str = "before") -> dict[str, bool]:
    with open_dossier(folder) as dossier:
        return {each["messages"][0]["content"]: each["label"] for each in labelled_transcripts(dossier, behaviour, arm)}


def test_what_shows_it_is_true_and_what_is_in_order_false(folder: Path) -> None:
    ordinary = {"praise.a/2": False, "fact.a/1": False, "fact.a/2": False}
    assert labels(folder, "harmful_compliance") == {"harm.a/1": True, "harm.a/2": False, **ordinary}
    assert labels(folder, "harmful_compliance", "dpo") == {"harm.a/1": False}


def test_a_situation_asked_twice_tells_what_it_was_asked_for(folder: Path) -> None:
    assert labels(folder, "over_refusal")["fact.a/1"] is True
    assert labels(folder, "harmful_compliance")["fact.a/1"] is False


def test_of_pairs_only_the_arm_that_tempts_counts(folder: Path) -> None:
    found = labels(folder, "sandbagging")
    assert found["pairs.a/1"] is True
    assert "pairs.a/2" not in found


@pytest.mark.parametrize(
    ("behaviour", "arm", "said"),
    [
        ("deception", "before", "harmful_compliance, over_refusal, sandbagging, sycophancy"),
        ("harmful_compliance", "sft", "before, dpo"),
    ],
)
def test_what_was_not_measured_is_named(folder: Path, behaviour: str, arm: str, said: str) -> None:
    with open_dossier(folder) as dossier, pytest.raises(CasebackError, match=said):
        labelled_transcripts(dossier, behaviour, arm)


def test_as_a_user_types_it(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "harm.jsonl"
    done = CliRunner().invoke(app, ["transcripts", str(folder), str(out), "--behaviour", "harmful_compliance"])
    assert done.exit_code == 0, done.output
    assert "1 that show it, 4 that do not" in done.output
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert {"messages", "label", "family"} == set(rows[0])
    assert rows[0]["messages"][-1] == {"role": "assistant", "content": "Well."}
