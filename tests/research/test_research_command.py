"""``caseback research`` as a person types it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.disclosure.research_page import render_notebook
from caseback.research import run as loop
from caseback.research.jobs import catalogue
from caseback.research.notebook import notebook
from caseback.research.run import research
from caseback.research.study import reopen
from cheats_for_tests import at_once, proposing, study_in

HERE = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogue.JOBS, "toy", "research_for_tests:JOB")
    monkeypatch.syspath_prepend(str(HERE))


def typed(*words: object) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["research", *map(str, words)])
    return found.exit_code, " ".join(found.output.split())


def test_from_new_to_approve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "one_by_one", lambda study, rows: at_once(study)(rows))
    folder = tmp_path / "study"
    code, said = typed("new", "toy", folder, "--trials", 12, "--submissions", 3)
    assert code == 0, said
    assert "12 trials, 3 submissions" in said
    assert (tmp_path / "study-sealed").is_dir()
    mine = tmp_path / "mine.json"
    mine.write_text(json.dumps({"settings": {"where": 0.69, "way": "fine", "key": "none"}, "predicts": "above"}))
    assert typed("propose", folder, "-n", 1)[1].startswith("t000 by hand")
    assert typed("propose", folder, "--settings", mine)[1].startswith("t001 by person")
    code, said = typed("run", folder)
    assert code == 0, said
    assert "trials 12, of which 0 failed" in said
    assert "submitted t000" in said
    assert "noticed" not in said
    code, said = typed("submit", folder, "t000")
    assert (code, "best sealed score raised to" in said) == (0, True)
    code, said = typed("score", folder, "--json")
    assert code == 0, said
    assert json.loads(said[said.index("{") :])["gain"]["value"] > 0
    assert typed("score", folder)[1] == typed("score", folder)[1]
    code, said = typed("notebook", folder)
    assert code == 0
    page = (folder / "notebook.html").read_text()
    assert "t011" in page
    assert "On world B" in page
    assert json.loads((folder / "notebook.json").read_text())["counts"]["trials"] == 12
    code, said = typed("approve", folder, "--by", "Ada", "--out", tmp_path / "out", "--despite", "a test")
    assert (code, said) == (0, f"approved {tmp_path / 'out'}, by Ada")
    assert typed("approve", folder, "--by", "Ada", "--out", tmp_path / "out")[0] == 2
    assert "Ada approved" in render_notebook(notebook(reopen(folder)))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("run", "{}/none"), "no study here; make one with `caseback research new`"),
        (("new", "none", "{}/x"), "no job is called 'none': there are detectors, recipes, assays"),
        (("new", "toy", "{}/x", "--model", "reader=ref-aligned"), "takes no model 'reader': it takes none"),
        (("new", "toy", "{}/x", "--sealed", "{}/x/in"), "lies inside"),
        (("propose", "{}/study", "--settings", "{}/none.json"), "cannot be read"),
        (("propose", "{}/study", "--settings", "{}/bad.json"), "not JSON"),
        (("propose", "{}/study", "--settings", "{}/odd.json"), "where must lie between"),
        (("submit", "{}/study", "t999"), "no trial 't999'"),
        (("score", "{}/study"), "nothing was submitted yet"),
        (("approve", "{}/study", "--by", "Ada", "--out", "{}/out"), "no final score yet"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(tmp_path: Path, words: tuple[str, ...], why: str) -> None:
    study = study_in(tmp_path)
    (tmp_path / "sealed").rename(tmp_path / "study-sealed")
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "odd.json").write_text(
        json.dumps({"settings": {"where": 9, "way": "fine", "key": "none"}, "predicts": "above"})
    )
    code, said = typed(*(word.replace("{}", str(tmp_path)) for word in words))
    assert code == 2
    assert why in said
    assert study.rows("hypothesis") == []


def test_a_damaged_study_is_named(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    (study.folder / "study.json").write_text('{"kind": "caseback research study", "version": 1}')
    code, said = typed("notebook", study.folder)
    assert code == 2
    assert "study.json: damaged ('job')" in said


def test_what_a_proposer_writes_cannot_act_on_the_page(tmp_path: Path) -> None:
    from caseback.research.ask_model import Asker

    study = study_in(tmp_path, 2)
    model = proposing({"where": 0.5})
    said = model.say
    model.say = lambda chat: said(chat).replace("trust me", "<script>alert(1)</script>\\u202e")
    research(study, asker=Asker(model), run=at_once(study))
    page = render_notebook(notebook(study))
    assert "<script>alert" not in page
    assert "⟨U+202E⟩" in page
    assert "Nothing. Loopholes were left on purpose" in page


def test_the_page_of_a_study_that_has_not_begun(tmp_path: Path) -> None:
    page = render_notebook(notebook(study_in(tmp_path)))
    assert "Not scored yet" in page
    assert "No person has approved anything yet" in page
