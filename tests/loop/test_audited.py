"""The audit of a run: by which calibration, and what is said where there is none."""

import json
from pathlib import Path

import pytest

from caseback.audit.calibration_file import read_calibration
from caseback.audit.packaged import given_or_packaged
from caseback.audit.statistic import Statistic, untold
from caseback.audit.verdict import verdicts
from caseback.errors import CasebackError
from caseback.loop import audited
from caseback.loop.audited import by_replies, calibration_for

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
