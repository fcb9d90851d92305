"""A small study with real training on the reference model: what it leaves, that it goes on, what it refuses."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.behaviours.registry import trained_against
from caseback.cli.main import app
from caseback.constitution.default import default
from caseback.dossier.dossier import read_dossier
from caseback.errors import CasebackError
from caseback.loop.budget import Budget
from caseback.loop.study.report import report
from caseback.loop.study.study import Scheme, bearing, study
from caseback.world.reference import reference_path

TINY = Budget("tiny", measured=4, harmless=4, capability=12, trained=6, max_new_tokens=48)
SCHEME = Scheme(variants=("reasons", "none"), seeds=(0,), budget=TINY)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study") / "out"
    study(reference_path(), default(), folder, SCHEME)
    return folder


def test_every_model_is_measured_and_recorded(out: Path) -> None:
    with read_dossier(out / "dossier") as dossier:
        arms = {record.body["arm"] for record in dossier.records("capability")}
        told = next(iter(dossier.records("study"))).body["told"]
    assert arms == {"before", "told reasons", "reasons, seed 0", "none, seed 0"}
    assert "Because" in told["reasons"]
    assert "Because" not in told["rules"]


def test_it_goes_on_and_repeats_nothing_and_takes_more_seeds(out: Path) -> None:
    weights = {path: path.stat().st_mtime_ns for path in out.glob("models/*/*.safetensors")}
    lines = (out / "journal.jsonl").read_bytes()
    found = report(study(reference_path(), default(), out, SCHEME))
    assert {path: path.stat().st_mtime_ns for path in out.glob("models/*/*.safetensors")} == weights
    assert (out / "journal.jsonl").read_bytes() == lines
    assert json.loads(json.dumps(found)) == found
    contrast = next(c for c in found["contrasts"] if c["where"] == "open")
    assert (contrast["first"], contrast["second"]) == ("reasons", "none")
    assert -1 <= contrast["low"] <= contrast["value"] <= contrast["high"] <= 1


def test_two_workers_make_the_study_of_one(out: Path, tmp_path: Path) -> None:
    shared = report(study(reference_path(), default(), tmp_path, SCHEME, workers=2))
    assert shared == report(study(reference_path(), default(), out, SCHEME))
    with read_dossier(tmp_path / "dossier") as dossier:
        assert {record.body["arm"] for record in dossier.records("capability")} >= {"reasons, seed 0", "none, seed 0"}
        assert dossier.verify() == []
    assert not list((tmp_path / "workers").iterdir())
    assert not list(tmp_path.glob("*.part-*"))


def test_what_workers_of_a_killed_run_recorded_is_taken_over_and_not_done_again(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(out, tmp_path / "killed")
    (tmp_path / "killed" / "workers").mkdir()
    (tmp_path / "killed" / "dossier").rename(tmp_path / "killed" / "workers" / "1")
    monkeypatch.setattr("caseback.loop.arms.measure", None)  # nothing is measured, so nothing calls it
    found = report(study(reference_path(), default(), tmp_path / "killed", SCHEME, workers=2))
    assert found == report(study(reference_path(), default(), out, SCHEME))
    assert not list((tmp_path / "killed" / "workers").iterdir())


@pytest.mark.slow
def test_rays_workers_make_the_study_of_one(out: Path, tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    shared = report(study(reference_path(), default(), tmp_path, SCHEME, workers=2, ray="local"))
    ray.shutdown()
    assert shared == report(study(reference_path(), default(), out, SCHEME))


def test_another_study_in_the_folder_is_refused(out: Path) -> None:
    with pytest.raises(CasebackError, match="holds a study of another model, document or scheme"):
        study(reference_path(), default(), out, Scheme(route="documents", variants=("none",), seeds=(0,), budget=TINY))


def test_unknown_and_all_too_many_demonstrations_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CasebackError, match="no behaviour 'arson'"):
        study(reference_path(), default(), tmp_path, Scheme(demonstrated=("arson",)))
    with pytest.raises(CasebackError, match="nothing is open"):
        study(reference_path(), default(), tmp_path, Scheme(demonstrated=tuple(trained_against())))


def test_clauses_that_nothing_measures_are_not_told() -> None:
    ids = {clause.id for clause in bearing(default(), trained_against())}
    assert {"honesty", "do-no-harm", "no-flattery"} <= ids
    assert "correctable" not in ids


def test_a_document_without_reasons_is_refused_at_the_command(tmp_path: Path) -> None:
    document = tmp_path / "bare.md"
    document.write_text("# Bare\n\n## Ethical\n\n### honesty\n\nTell the truth.\n\nSituations: deceive\n")
    asked = ["character", "study", "--constitution", str(document), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 2
    assert "gives no reason" in result.output
    assert not (tmp_path / "out").exists()
