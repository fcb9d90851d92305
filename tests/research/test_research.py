"""The researcher on a job whose truth is known: it gets better, it resumes, and its notebook can be read."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from caseback.errors import CasebackError
from caseback.research.approve import approve
from caseback.research.final import final
from caseback.research.jobs import catalogue
from caseback.research.notebook import notebook
from caseback.research.run import research
from caseback.research.study import Study, begin, reopen
from caseback.research.trials import Row
from cheats_for_tests import at_once
from research_for_tests import JOB

HERE = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogue.JOBS, "toy", "research_for_tests:JOB")
    monkeypatch.syspath_prepend(str(HERE))


def study_in(folder: Path, trials: int = 9, submissions: int = 4, seed: int = 0) -> Study:
    place = folder / "study"
    return begin("toy", place, folder / "sealed", {}, seed, trials, submissions, lambda done, of: None)


def carried_out(study: Study, trials: int | None = None) -> None:
    research(study, run=at_once(study), trials=trials)


def test_the_search_does_not_depend_on_which_trial_ends_first(tmp_path: Path) -> None:
    """Scores are rounded so that some are equal: then the order tells which are the best."""
    study_in(tmp_path / "one", 16)
    shutil.copytree(tmp_path / "one", tmp_path / "two")

    def ended(study: Study, order: int) -> list[dict[str, Any]]:
        def run(rows: Sequence[Row]) -> Iterator[Row]:
            yield from [{**row, "open": round(row["open"], 1)} for row in at_once(study)(rows)][::order]

        research(study, run=run)
        return [row["settings"] for row in study.rows("hypothesis")]

    first, second = (ended(study_in(tmp_path / name, 16), order) for name, order in (("one", 1), ("two", -1)))
    assert first == second
    assert len(first) == 16


def test_it_beats_the_settings_by_hand_on_a_world_it_never_saw(tmp_path: Path) -> None:
    study = study_in(tmp_path, 6)
    research(study)
    trials = study.rows("trial")
    assert len(trials) == 6
    assert len({json.dumps(row["settings"]) for row in trials}) == 6
    assert {wall for row in trials for wall in row["walls"]} >= {"audit", "limits"}
    assert trials[0]["settings"] == JOB.default
    assert 1 < len(study.rows("submission")) <= 4
    assert study.rows("flag") == []
    found = final(study, lambda done, of: None)
    assert found["gain"]["low"] > 0
    assert found["submissions"] == len(study.rows("submission"))
    assert final(reopen(study.folder, study.sealed), lambda done, of: None) == found
    told = notebook(study)
    assert {each["outcome"] for each in told["hypotheses"]} <= {"true", "false", "no difference", "baseline"}
    record = approve(study, "Ada", tmp_path / "out")
    assert json.loads((tmp_path / "out" / "settings.json").read_text()) == record["settings"]


def test_every_hypothesis_is_on_record_before_its_trial(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    carried_out(study, 5)
    order = [(row["sort"], row["trial"]) for row in study.journal.records() if row["sort"] in ("hypothesis", "trial")]
    for at, (sort, trial) in enumerate(order):
        if sort == "trial":
            assert ("hypothesis", trial) in order[:at]


def test_one_that_was_killed_goes_on_and_does_nothing_twice(tmp_path: Path) -> None:
    whole = study_in(tmp_path / "whole")
    carried_out(whole)
    broken = study_in(tmp_path / "broken")
    # The same cases as the other's: a study draws its own by a secret.
    for each in (tmp_path / "whole" / "study" / "data" / "A").iterdir():
        (broken.data() / each.name).write_bytes(each.read_bytes())
    secret = (tmp_path / "whole" / "sealed" / "sealed.json").read_bytes()
    (tmp_path / "broken" / "sealed" / "sealed.json").write_bytes(secret)

    class KilledError(Exception):
        pass

    ran = []

    def dies(rows):  # type: ignore[no-untyped-def]
        for trial in at_once(broken)(rows):
            ran.append(trial["trial"])
            if len(ran) == 3:
                raise KilledError
            yield trial

    with pytest.raises(KilledError):
        research(broken, run=dies)
    assert len(broken.rows("trial")) == 2
    again = reopen(broken.folder, broken.sealed)
    carried_out(again)
    settings = [[row["settings"] for row in study.rows("trial")] for study in (whole, again)]
    assert settings[0] == settings[1]
    assert [row["told"] for row in whole.rows("submission")] == [row["told"] for row in again.rows("submission")]


def test_nothing_is_approved_without_a_score_a_name_and_a_reason(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    with pytest.raises(CasebackError, match="no final score"):
        approve(study, "Ada", tmp_path / "out")
    part = {"value": 0.0, "low": -0.1, "high": 0.1, "n": 12, "unit": "families"}
    study.journal.put([{"key": "final", "sort": "final", "trial": "t000", "settings": dict(JOB.default), "gain": part}])
    with pytest.raises(CasebackError, match="--by"):
        approve(study, " ", tmp_path / "out")
    with pytest.raises(CasebackError, match="--despite"):
        approve(study, "Ada", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert approve(study, "Ada", tmp_path / "out", "to see it fail")["doubts"]


def test_a_study_is_made_once_and_its_labels_lie_apart(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    assert (tmp_path / "sealed").stat().st_mode & 0o077 == 0
    assert study_in(tmp_path).commitment == study.commitment
    told = "".join(each.read_text() for each in study.folder.rglob("*.json"))
    assert "nonce" not in told
    rows = json.loads((study.data() / "cases.json").read_text())
    assert all("positive" not in row for row in rows if row["sealed"])
    with pytest.raises(CasebackError, match="holds a study of toy with seed 0, 9 trials"):
        study_in(tmp_path, trials=10)
    with pytest.raises(CasebackError, match="lies inside"):
        begin("toy", tmp_path / "b", tmp_path / "b" / "in", {}, 0, 3, 2, lambda done, of: None)
    with pytest.raises(CasebackError, match="there are detectors, recipes, assays"):
        begin("none", tmp_path / "c", tmp_path / "d", {}, 0, 3, 2, lambda done, of: None)


def test_the_notebook_tells_models_by_digest_and_no_place_on_this_machine(tmp_path: Path) -> None:
    study = replace(study_in(tmp_path), models={"base": str(tmp_path)}, digests={"base": "sha256:ab"})
    assert notebook(study)["models"] == {"base": "sha256:ab"}
    assert notebook(replace(study, digests={}))["models"] == {"base": ""}
