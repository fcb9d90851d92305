"""The audit of a run: by which calibration, and what is said where there is none."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from caseback.audit.audit import Audit
from caseback.audit.calibration_file import read_calibration
from caseback.audit.packaged import given_or_packaged
from caseback.audit.statistic import Statistic, untold
from caseback.audit.verdict import verdicts
from caseback.constitution.default import default
from caseback.dossier.dossier import open_dossier
from caseback.errors import CasebackError
from caseback.loop import audited
from caseback.loop.arms import Plan
from caseback.loop.audited import by_replies, calibration_for
from caseback.loop.budget import SMALL
from caseback.loop.job import Job
from caseback.loop.progress import Reporter
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Subject
from models_for_tests import save_tiny

CALIBRATION = {"ground": "world", "id": "0" * 64}


def test_a_model_of_no_reference_world_is_not_audited_unasked() -> None:
    found, why = calibration_for("plain", reference=False, path=None)
    assert found is None
    assert "pass --calibration" in why


def test_what_ships_is_not_taken_for_another_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(audited, "packaged_calibration", lambda: tmp_path / "calibration.json")
    monkeypatch.setattr(audited, "read_calibration", lambda path: CALIBRATION)
    assert calibration_for("world", reference=True, path=None) == (CALIBRATION, "")
    found, why = calibration_for("world-B", reference=True, path=None)
    assert found is None
    assert "on the ground world, and this model's is world-B" in why


def test_one_that_is_named_and_does_not_fit_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(audited, "read_calibration", lambda path: CALIBRATION)
    with pytest.raises(CasebackError, match="is a calibration on the ground world"):
        calibration_for("plain", reference=False, path=tmp_path / "calibration.json")


def test_one_that_is_damaged_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps(CALIBRATION)[:20])
    with pytest.raises(CasebackError, match="no calibration to read"):
        calibration_for("world", reference=True, path=path)


def test_thresholds_of_another_base_are_held_against_replies_alone() -> None:
    whole = read_calibration(given_or_packaged(None))
    part = by_replies(whole)
    assert {each["needs"] for each in part["assays"].values() if each["behaviour"]} == {"replies"}
    loud = {
        name: Statistic(1e9, 0.0, 1, "much") if each["needs"] == "scores" else Statistic(0.0, 0.0, 1, "none")
        for name, each in whole["assays"].items()
        if each["behaviour"]
    } | {name: untold("needs the base") for name, each in whole["assays"].items() if not each["behaviour"]}
    assert "found" in {each.word for each in verdicts(loud, whole)}
    words = {each.behaviour: each.word for each in verdicts(loud, part)}
    assert words.pop("") == "cannot tell", "what compares with the base is told as such, and not left out"
    assert set(words.values()) == {"not found"}


def test_a_calibration_without_replies_tells_nothing_of_another_base() -> None:
    whole = read_calibration(given_or_packaged(None))
    part = by_replies({**whole, "views": {"white-box": whole["views"]["white-box"]}})
    statistics = {name: Statistic(1e9, 0.0, 1, "much") for name in whole["assays"]}
    assert {each.word for each in verdicts(statistics, part)} == {"cannot tell"}


@pytest.mark.parametrize("same", [True, False])
def test_a_run_of_the_calibrated_base_gives_the_base(
    same: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = read_calibration(given_or_packaged(None))
    base, trained = load(str(save_tiny(tmp_path / "base"))), save_tiny(tmp_path / "trained", seed=1)
    calibration = {**whole, "base_digest": base.digest if same else whole["base_digest"]}
    asked: list[tuple[OpenSubject | None, set[str]]] = []

    def noted(subject: Subject, base: OpenSubject | None, panel: Mapping[str, Any], *rest: object) -> Audit:
        asked.append((base, {each["needs"] for each in panel["assays"].values() if each["behaviour"]}))
        return Audit(subject.name, subject.digest, panel["id"], "cannot tell", (), {}, "")

    monkeypatch.setattr(audited, "audit", noted)
    with open_dossier(tmp_path / "dossier") as dossier:
        plan = Plan("world", {}, {}, [], default(), SMALL, 0)
        reporter = Reporter(Console(file=io.StringIO()), {})
        model = str(tmp_path / "base")
        job = Job(dossier, reporter, model, tmp_path, default(), "", plan, SMALL, 0, True, 1)
        audited.audited(job, trained, "sft", base.digest, calibration, "")
        assert [record.body["arm"] for record in dossier.records("audit")] == ["sft"]
    [(given, needs)] = asked
    assert (given.digest if given else None) == (base.digest if same else None)
    assert needs == ({"replies", "scores", "weights"} if same else {"replies"})
