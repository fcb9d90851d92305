"""The whole loop with training, on the reference model and a tiny budget: what the record says, and after kills."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

import caseback.disclosure
from caseback.dossier.dossier import Dossier, read_dossier
from caseback.dossier.record import Record
from caseback.dossier.samples import samples
from caseback.stats.rate import exact_rate

RUN = """
import sys
from caseback.loop.budget import Budget
from caseback.loop.run import run

sizes = {"measured": 6, "harmless": 8, "capability": 24, "trained": 6, "max_new_tokens": 48, "acted": 1}
run(out=sys.argv[1], budget=Budget("tiny", **sizes))
"""
ARMS = ["before", "prompted", "sft", "dpo", "control"]


def start(out: Path) -> "subprocess.Popen[str]":
    """A tiny run in a process of its own, on one thread, so that every run rounds alike."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(out)], stderr=subprocess.PIPE, text=True, env=environment, bufsize=1
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("loop") / "run"
    process = start(out)
    _, said = process.communicate(timeout=500)
    assert process.returncode == 0, said
    return out


def body_of(dossier: Dossier, kind: str) -> dict[str, Record]:
    return {str(record.body["arm"]): record for record in dossier.records(kind)}


def test_every_arm_is_measured_on_the_same_situations(finished: Path) -> None:
    with read_dossier(finished / "dossier") as dossier:
        assert dossier.verify() == []
        assert [record.body["role"] for record in dossier.records("subject")] == ARMS
        asked: dict[str, set[tuple[str, ...]]] = {}
        for record in dossier.records("measurement"):
            rows = samples(dossier, record.artefacts["samples"])
            asked.setdefault(record.body["behaviour"], set()).add(tuple(row["situation"]["id"] for row in rows))
            assert all(row["situation"]["split"] == "test" for row in rows)
        assert len(asked) == 7
        assert all(len(several) == 1 for several in asked.values())


def test_every_rate_is_counted_from_the_samples_behind_it(finished: Path) -> None:
    with read_dossier(finished / "dossier") as dossier:
        for record in [*dossier.records("measurement"), *dossier.records("capability")]:
            rows = samples(dossier, record.artefacts["samples"])
            judged = [row["judgement"]["shown"] for row in rows]
            rate = record.body["rate"]
            if record.kind == "capability":
                counted = exact_rate(sum(shown is True for shown in judged), len(judged))
            elif record.body["paired"]:
                continue  # a unit is a pair: tests/behaviours count those
            else:
                counted = exact_rate(judged.count(True), judged.count(True) + judged.count(False))
            assert (rate["k"], rate["n"]) == (counted.k, counted.n), record.body["arm"]


def test_what_a_figure_rests_on_is_recorded(finished: Path) -> None:
    with read_dossier(finished / "dossier") as dossier:
        measured = {record.id: record for record in dossier.records("measurement")}
        for arm, record in body_of(dossier, "clause_rates").items():
            assert len(record.parents) == 7
            assert {measured[parent].body["arm"] for parent in record.parents} == {arm}
        [data] = dossier.records("training_data")
        assert all(record.parents == (data.id,) for record in dossier.records("training"))
        [verdict] = dossier.records("verdict")
        assert set(measured) <= set(verdict.parents)


def test_every_datum_says_where_it_comes_from(finished: Path) -> None:
    with read_dossier(finished / "dossier") as dossier:
        [constitution] = dossier.records("constitution")
        known = {clause["id"] for clause in constitution.body["clauses"]}
        [before] = [record for record in dossier.records("subject") if record.body["role"] == "before"]
        [data] = dossier.records("training_data")
        held_out = {
            row["situation"]["family"]
            for record in dossier.records("measurement")
            for row in samples(dossier, record.artefacts["samples"])
        }
        for part in ("sft", "preferences", "control", "control_preferences"):
            for datum in samples(dossier, data.artefacts[part]):
                assert set(datum["clauses"]) <= known
                assert datum["generator"].startswith(before.body["digest"])
                assert isinstance(datum["seed"], int)
                assert datum["family"] not in held_out
                assert not any(constitution.body["compact"] in message["content"] for message in datum["prompt"])
        acted = [datum for datum in samples(dossier, data.artefacts["sft"]) if datum["origin"] == "tools"]
        assert acted
        assert all(datum["family"].startswith("office.") for datum in acted)
        tokens = data.body["report"]["target_tokens"]
        assert abs(tokens["control"] - tokens["sft"]) <= 0.05 * tokens["sft"]


def test_the_card_is_of_the_published_form(finished: Path) -> None:
    card = json.loads((finished / "card.json").read_text(encoding="utf-8"))
    schema = Path(caseback.disclosure.__file__).with_name("card.schema.json")
    jsonschema.validate(card, json.loads(schema.read_text(encoding="utf-8")))
    assert card["arms"] == ["before", "prompted", "control", "sft", "dpo"]
    assert card["title"] == "ref-base"
    assert (finished / "card.html").read_text(encoding="utf-8").count("<section") > 5


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param("make training data", marks=pytest.mark.slow),
        "train: supervised",
        pytest.param("train the control: preferences", marks=pytest.mark.slow),
    ],
)
def test_killed_in_the_middle_it_ends_as_if_it_had_not_been(finished: Path, tmp_path: Path, stage: str) -> None:
    out = tmp_path / "run"
    process = start(out)
    assert process.stderr
    deadline = time.monotonic() + 400
    for line in process.stderr:
        done = {"make training data": "constitution in view", "train: supervised": "make training data"}
        if "✓" in line and done.get(stage, "train: preferences") in line:
            break
        assert time.monotonic() < deadline
    time.sleep(1.0)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (out / "card.html").exists()
    again = start(out)
    _, said = again.communicate(timeout=500)
    assert again.returncode == 0, said
    with read_dossier(out / "dossier") as dossier, read_dossier(finished / "dossier") as whole:
        assert dossier.verify() == []
        for kind in ("measurement", "subject", "training_data"):
            ours, theirs = ([record.artefacts for record in d.records(kind)] for d in (dossier, whole))
            assert ours == theirs, kind
        ours, theirs = ([record.body for record in d.records("verdict")] for d in (dossier, whole))
        assert ours == theirs
    shutil.rmtree(out)
