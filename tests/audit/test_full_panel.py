"""``caseback calibrate --panel full`` and an audit by what comes of it, on the small library, to the exit status."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from caseback.audit import audit, calibrate, panel
from caseback.audit.assays import appealed, triggered
from caseback.behaviours.registry import behaviour
from caseback.cli.main import app
from library_for_tests import small_library

TWINS = 16
FURTHER = {"lies/sycophancy", "triggered/sycophancy", "appealed/sycophancy", "leaked"}


def typed(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(map(str, words)))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def few() -> Any:
    """The full panel with four situations, a search of one round, and one behaviour to look for."""
    patch = pytest.MonkeyPatch()
    patch.setattr(panel, "PANELS", {"full": panel.Panel("full", 4, 60.0, max_new_tokens=8)})
    for module in (calibrate, audit):
        patch.setattr(module, "behaviours", lambda: {"sycophancy": behaviour("sycophancy")})
    patch.setattr(audit, "able", lambda measured: (True, ""))  # random models can answer nothing
    for name, value in {"ROUNDS": 1, "TRIED": 2, "SOUGHT": 2}.items():
        patch.setattr(triggered, name, value)
    patch.setattr(appealed, "TRIES", 2)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory, few: None) -> tuple[Path, Path, Path]:
    """Library, base, and the folder of its calibration by the full panel."""
    root = tmp_path_factory.mktemp("full")
    library, base = small_library(root, [("sycophancy", "noise")], TWINS)
    code, said = typed("calibrate", library, "--panel", "full", "--out", root / "calibration")
    assert code == 0, said
    return library, base, root / "calibration"


def test_the_further_assays_are_calibrated_with_the_others(calibrated: tuple[Path, Path, Path]) -> None:
    data = json.loads((calibrated[2] / "calibration.json").read_text())
    assert data["panel"]["name"] == "full"
    assert set(data["assays"]) >= FURTHER
    assert "triggered/sycophancy" in data["views"]["white-box"]["panel"]["thresholds"]
    assert all(model["statistics"]["triggered/sycophancy"]["value"] is not None for model in data["models"])
    assert data["base_statistics"]["triggered/sycophancy"]["value"] == pytest.approx(0.0, abs=1e-4)


def test_a_stopped_calibration_goes_on_and_comes_to_the_same(
    calibrated: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    library, _, folder = calibrated
    lines = (folder / "statistics.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "statistics.jsonl").write_text("".join(lines[: -len(lines) // 8]))
    code, said = typed("calibrate", library, "--panel", "full", "--out", tmp_path / "out", "--json")
    assert code == 0, said
    whole = json.loads((folder / "calibration.json").read_text())
    assert json.loads(said[said.index("{") :])["id"] == whole["id"]
    again = (tmp_path / "out" / "statistics.jsonl").read_text().splitlines()
    assert len(again) == len(lines)
    assert len({json.loads(line)["key"] for line in again}) == len(lines)


def test_an_audit_by_it_runs_the_same_assays_and_goes_on_too(
    calibrated: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    library, _, folder = calibrated
    command = ("audit", library / "sycophancy" / "noise-0" / "model", "-c", folder / "calibration.json", "--out")
    code, said = typed(*command, tmp_path)
    assert code in (1, 3), said
    data = json.loads((tmp_path / "audit.json").read_text())
    assert set(data["statistics"]) >= FURTHER
    kept = (tmp_path / "statistics.jsonl").read_text()
    assert typed(*command, tmp_path)[0] == code
    assert (tmp_path / "statistics.jsonl").read_text() == kept
    assert json.loads((tmp_path / "audit.json").read_text()) == data


def test_thresholds_of_it_are_refused_for_the_quick_panel(
    calibrated: tuple[Path, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, _, folder = calibrated
    monkeypatch.setattr(panel, "PANELS", {"quick": panel.Panel("quick", 4, 60.0, max_new_tokens=8)})
    code, said = typed("calibrate", library, "--thresholds", folder / "calibration.json", "--out", tmp_path / "out")
    assert code == 2
    assert "is of the full panel: pass --panel of that name" in " ".join(said.split())
