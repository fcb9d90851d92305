"""A card is held against its evidence: what was edited, cut off or lost is found and named."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback import __version__
from caseback.cli.main import app
from caseback.disclosure.check import check_card
from caseback.disclosure.write import write_card
from caseback.dossier import Dossier, open_dossier, read_dossier
from caseback.errors import CasebackError


@pytest.fixture
def run(filled: Dossier, tmp_path: Path) -> Path:
    """A folder with a dossier, and its card beside it."""
    shutil.copytree(filled.path, tmp_path / "run" / "dossier")
    with read_dossier(tmp_path / "run" / "dossier") as dossier:
        write_card(dossier, tmp_path / "run" / "card.html")
    return tmp_path / "run"


def edited(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_card_as_it_was_written_stands(run: Path) -> None:
    for name in ("card.json", "card.html"):
        found = check_card(run / name)
        assert found.stands
        assert found.figures > 100
    done = CliRunner().invoke(app, ["card", "check", str(run / "card.html")])
    assert (done.exit_code, "figures stand" in done.output) == (0, True)


def test_a_lost_artefact_strikes_its_figures(run: Path) -> None:
    with open_dossier(run / "dossier") as dossier:
        record = next(r for r in dossier.records("measurement") if r.body["arm"] == "dpo")
        dossier.artefact(record.artefacts["samples"]).unlink()
    found = check_card(run / "card.json")
    named = {each.figure: each.why for each in found.struck}
    [rate] = [why for name, why in named.items() if name == "rate/harmful_compliance/world/test/dpo"]
    assert "artefact samples is missing" in rate
    done = CliRunner().invoke(app, ["card", "check", str(run / "card.json"), "--json"])
    assert done.exit_code == 1
    assert json.loads(done.output)["stands"] is False


def test_a_figure_edited_in_the_card_is_found(run: Path) -> None:
    made = json.loads((run / "card.json").read_text())
    made["behaviours"][0]["measurements"][4]["clustered"]["k"] = 0
    (run / "card.json").write_text(json.dumps(made))
    found = check_card(run / "card.json")
    [struck] = [each for each in found.struck if each.figure.startswith("rate/")]
    assert struck.why.startswith("the card says 0 [")
    assert any("list of figures" in what for what in found.other)


def test_words_edited_in_the_card_are_found(run: Path) -> None:
    edited(run / "card.json", "Harmful compliance, sycophancy and deception fell", "Everything fell")
    found = check_card(run / "card.json")
    assert found.struck == ()
    assert "verdict is not as the dossier has it" in found.other[0]


def test_a_page_edited_alone_is_found(run: Path) -> None:
    edited(run / "card.html", "Improved", "Perfect")
    found = check_card(run / "card.html")
    assert found.other == ("card.html does not say what card.json says: it was edited",)


def test_a_card_of_another_version_does_not_stand_on_its_own_word(run: Path) -> None:
    edited(run / "card.json", f'"version": "{__version__}"', '"version": "0.0.0"')
    found = check_card(run / "card.json")
    assert found.struck == ()
    assert found.other == ("written by another version: its texts and page were not compared",)
    assert CliRunner().invoke(app, ["card", "check", str(run / "card.json")]).exit_code == 1


@pytest.mark.parametrize("version", [__version__, "0.0.0"])
def test_a_figure_left_out_of_the_card_is_found(run: Path, version: str) -> None:
    made = json.loads((run / "card.json").read_text())
    gone = made["behaviours"][0]["measurements"].pop()
    made["figures"] = [each for each in made["figures"] if each["id"] != "rate/harmful_compliance/world/test/dpo"]
    assert gone["arm"] == "dpo"
    (run / "card.json").write_text(json.dumps({**made, "version": version}))
    found = check_card(run / "card.json")
    assert any("lacks 1 figure that the dossier gives: harmful compliance, after DPO" in what for what in found.other)


def test_records_cut_off_at_the_end_are_found(run: Path) -> None:
    with open_dossier(run / "dossier") as dossier:
        dossier.connection.execute("DROP TRIGGER never_deleted")
        dossier.connection.execute("DELETE FROM records WHERE id = ?", (dossier.head(),))  # the verdict
    found = check_card(run / "card.json")
    assert "records were cut off" in found.other[0]
    assert {each.figure for each in found.struck} >= {"verdict", "changes/harmful_compliance"}


def test_newer_records_do_not_strike_an_older_card(run: Path) -> None:
    with open_dossier(run / "dossier") as dossier:
        body = {**next(dossier.records("measurement")).body, "rate": {"k": 1, "n": 2, "low": 0.0, "high": 1.0}}
        dossier.append("measurement", body)
    found = check_card(run / "card.json")
    assert found.stands
    assert found.newer == 1
    done = CliRunner().invoke(app, ["card", "check", str(run / "card.json")])
    assert "1 newer record:" in done.output


def test_a_card_whose_dossier_is_elsewhere_says_what_to_do(run: Path, tmp_path: Path) -> None:
    shutil.move(run / "dossier", tmp_path / "moved")
    with pytest.raises(CasebackError, match="say where it is with --dossier"):
        check_card(run / "card.json")
    assert check_card(run / "card.json", tmp_path / "moved").struck == ()
    (tmp_path / "other").mkdir()
    with pytest.raises(CasebackError, match="not a dossier"):
        check_card(run / "card.json", tmp_path / "other")
