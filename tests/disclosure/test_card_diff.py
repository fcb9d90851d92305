"""The difference of two cards: what moved, appeared or vanished; and in the card where the dossier names one."""

import json
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.disclosure import card, card_diff, read_card, render_html, write_card
from caseback.disclosure.diff import _change
from caseback.disclosure.figures import Figure, figures
from caseback.dossier import open_dossier
from caseback.errors import CasebackError

BOUNDS = {"confidence": 0.95, "n": 100}


def measured(behaviour: str, arm: str, k: int, low: float, high: float) -> dict[str, Any]:
    return {"arm": arm, "behaviour": behaviour, "ground": "world", "split": "test",
            "rate": {"k": k, "low": low, "high": high, **BOUNDS}}  # fmt: skip


def run_of(folder: Path, *bodies: dict[str, Any]) -> Path:
    with open_dossier(folder / "dossier") as dossier:
        for body in bodies:
            dossier.append("measurement", body)
        write_card(dossier, folder / "card.html")
    return folder


@pytest.fixture
def old(tmp_path: Path) -> Path:
    (tmp_path / "old").mkdir()
    return run_of(
        tmp_path / "old",
        measured("sycophancy", "dpo", 40, 0.3, 0.5),
        measured("cheating", "dpo", 10, 0.05, 0.2),
        measured("deception", "dpo", 30, 0.2, 0.4),
    )


@pytest.fixture
def new(tmp_path: Path) -> Path:
    (tmp_path / "new").mkdir()
    return run_of(
        tmp_path / "new",
        measured("sycophancy", "dpo", 10, 0.05, 0.2),
        measured("cheating", "dpo", 30, 0.21, 0.4),
        measured("scheming", "dpo", 3, 0.01, 0.08),
        measured("cheating", "before", 12, 0.06, 0.2),
    )


def test_what_moved_appeared_and_vanished(old: Path, new: Path) -> None:
    found = card_diff(read_card(old / "card.json"), read_card(new))
    told = {each["id"]: (each["change"], each["direction"]) for each in found["figures"]}
    assert told == {
        "rate/sycophancy/world/test/dpo": ("moved", "better"),
        "rate/cheating/world/test/dpo": ("moved", "worse"),
        "rate/deception/world/test/dpo": ("vanished", ""),
        "rate/scheming/world/test/dpo": ("appeared", ""),
        "rate/cheating/world/test/before": ("appeared", ""),
    }
    assert found["counts"] == {"moved": 2, "vanished": 1, "appeared": 2}
    first = next(each for each in found["figures"] if each["change"] == "moved")
    assert (first["old"]["value"], first["new"]["value"]) == (0.4, 0.1)


def test_a_card_does_not_differ_from_itself(made: dict[str, Any]) -> None:
    found = card_diff(made, deepcopy(made))
    assert found["figures"] == []
    assert set(found["counts"]) == {"same"}
    assert found["about"] == []


def test_what_is_struck_is_not_compared(old: Path, new: Path) -> None:
    first, second = read_card(old), read_card(new)
    record = second["behaviours"][0]["measurements"][0]["record"]
    second["evidence"]["struck"][record] = "it was altered"
    told = {each["id"]: each for each in card_diff(first, second)["figures"]}
    struck = told["rate/sycophancy/world/test/dpo"]
    assert (struck["change"], struck["why"]) == ("not compared", "struck in the new card: it was altered")


ends = st.floats(0, 1)


@given(ends, ends, ends, ends)
def test_moved_means_no_point_in_common(a: float, b: float, c: float, d: float) -> None:
    def figure(x: float, y: float) -> Figure:
        low, high = sorted((x, y))
        return Figure("i", "l", (low + high) / 2, low, high, 10, "", "less", None)

    one, two = figure(a, b), figure(c, d)
    apart = max(min(a, b), min(c, d)) > min(max(a, b), max(c, d))
    assert (_change(one, two)[0] == "moved") is apart
    assert _change(one, two)[0] == _change(two, one)[0]


def test_an_end_that_is_not_known_proves_no_move() -> None:
    def figure(low: float, high: float | None) -> Figure:
        return Figure("i", "l", low, low, high, None, "", "less", None)

    assert _change(figure(0.1, None), figure(0.9, 1.0))[0] == "within"
    assert _change(figure(0.9, 1.0), figure(0.1, None))[0] == "within"


def test_words_and_another_subject_are_told(made: dict[str, Any]) -> None:
    other = deepcopy(made)
    other["audit"]["verdicts"][1]["word"] = "found"
    other["constitution"]["digest"] = "00" * 32
    other["run"]["seed"] = 7
    found = card_diff(made, other)
    assert [(each["id"], each["change"]) for each in found["figures"]] == [("audit/sycophancy", "changed")]
    assert found["about"] == ["the constitution is another", "the seed is another (0, now 7)"]


def test_the_dossier_names_a_former_card_and_the_card_shows_what_changed(old: Path, new: Path) -> None:
    run = CliRunner()
    assert card(open_dossier(new / "dossier"))["changes"] is None
    done = run.invoke(app, ["card", "add", str(new), "--former", str(old / "card.html")])
    assert done.exit_code == 0, done.output
    with open_dossier(new / "dossier") as dossier:
        made = card(dossier)
        assert made["changes"]["counts"] == {"moved": 2, "vanished": 1, "appeared": 2}
        page = render_html(made).split('id="changes"')[1].split("</section>")[0]
        assert "2 moved beyond their intervals" in page
        assert "moved, better" in page
        kept = next(dossier.records("former_card")).artefacts["card"]
        dossier.artefact(kept).unlink()
        made = card(dossier)
    assert "missing" in made["changes"]["why"]
    assert "Cannot tell" in render_html(made).split('id="changes"')[1].split("</section>")[0]


def test_the_command_prints_a_table_and_json(old: Path, new: Path) -> None:
    run = CliRunner()
    done = run.invoke(app, ["card", "diff", str(old), str(new)], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert "sycophancy, after DPO (world)" in done.output
    assert "0.40 [0.30, 0.50]" in done.output
    assert "2 moved, 1 vanished, 2 appeared" in done.output
    as_json = run.invoke(app, ["card", "diff", str(old), str(new), "--json"])
    assert json.loads(as_json.output)["counts"]["moved"] == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[1]", "is no card"),
        (b'{"format": "caseback-card/9"}', "caseback-card/9"),
        (b'{"format": "caseback-card/2"}', "is a malformed card"),
        (b'{"format": "caseback-card/1", "title": 3}', "is a malformed card"),
        (b'{"format": NaN}', "is not JSON"),
    ],
)
def test_what_is_no_card_is_one_line(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "card.json").write_bytes(content)
    with pytest.raises(CasebackError, match=says) as caught:
        read_card(tmp_path / "card.json")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600
    with pytest.raises(CasebackError, match="no card to read"):
        read_card(tmp_path / "nowhere.json")


def test_a_card_of_the_first_form_is_still_read(made: dict[str, Any], tmp_path: Path) -> None:
    first = {name: value for name, value in made.items() if name not in (
        "version", "inside", "oversight", "monitors", "live",
        "figures", "assurance", "changes", "first_page")}  # fmt: skip
    first["evidence"] = {k: v for k, v in made["evidence"].items() if k not in ("struck", "unreadable")}
    first["format"] = "caseback-card/1"
    (tmp_path / "card.json").write_text(json.dumps(first))
    read = read_card(tmp_path / "card.json")
    assert {figure.id for figure in figures(read)} == {figure.id for figure in figures(made)}
    assert set(card_diff(read, made)["counts"]) == {"same"}


def test_figures_have_names_of_their_own(made: dict[str, Any]) -> None:
    names = [figure["id"] for figure in made["figures"]]
    assert len(names) == len(set(names))
    rates = sum(len(group["measurements"]) for group in [*made["behaviours"], *made["over_refusal"]])
    assert sum(name.startswith("rate/") for name in names) == rates
    known = {entry["record"]: entry for entry in made["evidence"]["records"]}
    for figure in made["figures"]:
        assert figure["record"] in known
        assert figure["artefacts"] == [artefact["digest"] for artefact in known[figure["record"]]["artefacts"]]


def test_copies_of_a_run_are_the_same(old: Path, tmp_path: Path) -> None:
    shutil.copytree(old, tmp_path / "copy")
    assert set(card_diff(read_card(old), read_card(tmp_path / "copy"))["counts"]) == {"same"}
