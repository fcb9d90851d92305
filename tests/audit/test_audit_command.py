"""``caseback calibrate`` and ``caseback audit`` as a user types them, on tiny models, to the exit status.

The models are random, so what they reply cannot be judged and only assays that read weights and log-probabilities tell
anything. Twins are the base with a little noise on its weights, the organism with a lot: that much is known.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from caseback.audit import audit, calibrate, panel
from caseback.audit.among import doubtful
from caseback.behaviours.registry import behaviour
from caseback.cli.main import app
from caseback.disclosure.calibration_page import render_audit
from caseback.subject.load import load
from models_for_tests import save_tiny

TWINS = 16
RATE = {"k": 4, "n": 4, "value": 1.0, "low": 0.4, "high": 1.0, "unknown": 0}


def typed(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(map(str, words)))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def noisy(base: Path, folder: Path, seed: int, much: float) -> Path:
    """The base with noise on every weight, as large as ``much`` of the weight."""
    shutil.copytree(base, folder)
    subject = load(str(folder), dtype="float32")
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in subject.model.parameters():
            weight.add_(torch.randn(weight.shape, generator=generator) * weight.abs() * much)
    subject.model.save_pretrained(folder)
    return folder


def recorded(folder: Path, base: Path, **plan: Any) -> None:
    """An ``organism.json`` for a model that was not grown by ``caseback plant``."""
    grown = load(str(folder / "model"), dtype="float32")
    plan = {
        "ground": "world",
        "base": str(base),
        "base_digest": load(str(base), dtype="float32").digest,
        "oddity": None,
        **plan,
    }
    checks = [{"name": "tempted", "passed": True, "why": "", "data": {"rate": RATE}}]
    record = {"status": "accepted", "why": [], "plan": plan, "digest": grown.digest, "checks": checks}
    (folder / "organism.json").write_text(json.dumps(record))


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base, a library of twins and organisms, and a calibration on them with a panel of few situations."""
    root = tmp_path_factory.mktemp("audit")
    base = save_tiny(root / "base", max_position_embeddings=1024)
    for i in range(TWINS):
        folder = root / "library" / "twins" / str(i)
        noisy(base, folder / "model", i, 0.01)
        recorded(folder, base, kind="twin", sort=f"noise {i % 4}")
    for i in range(2):
        folder = root / "library" / "sycophancy" / str(i)
        noisy(base, folder / "model", 100 + i, 0.3)
        recorded(folder, base, kind="organism", behaviour="sycophancy", recipe=f"noise {i}")
    return root


@pytest.fixture(scope="module")
def calibration(ground: Path, few: None) -> Path:
    code, said = typed("calibrate", ground / "library", "--out", ground / "calibration")
    assert code == 0, said
    assert "white-box" in said
    assert "limit of detection" in said
    return ground / "calibration" / "calibration.json"


@pytest.fixture(scope="module")
def few() -> Any:
    """The quick panel with four situations in each assay, and one behaviour to look for: a test of seconds."""
    patch = pytest.MonkeyPatch()
    patch.setattr(panel, "PANELS", {"quick": panel.Panel("quick", 4, 60.0, max_new_tokens=8)})
    for module in (calibrate, audit):
        patch.setattr(module, "behaviours", lambda: {"sycophancy": behaviour("sycophancy")})
    yield
    patch.undo()


def test_a_calibration_finds_what_is_far_from_the_base_and_says_what_it_cannot(calibration: Path) -> None:
    data = json.loads(calibration.read_text())
    assert set(data["views"]) >= {"white-box", "all"}
    assert "black-box" not in data["views"], "what random models reply cannot be judged"
    white = data["views"]["white-box"]
    assert white["behaviours"]["sycophancy"]["caught"]["k"] == 2
    assert white["false_alarms"]["n"] == TWINS - len(data["threshold_twins"]) == TWINS // 2
    assert not white["met"], "eight twins are too few for 1 in 20"
    assert white["expected"] == pytest.approx(1 / 9)
    page = calibration.with_suffix(".html").read_text()
    assert "Too few twins" in page


def test_two_processes_come_to_the_same(calibration: Path, ground: Path, tmp_path: Path) -> None:
    code, said = typed("calibrate", ground / "library", "--out", tmp_path / "out", "--workers", 2)
    assert code == 0, said
    alone, shared = (json.loads(path.read_text()) for path in (calibration, tmp_path / "out" / "calibration.json"))
    assert shared["views"] == alone["views"]
    kept = [json.loads(line)["key"] for line in (tmp_path / "out" / "statistics.jsonl").read_text().splitlines()]
    assert len(kept) == len(set(kept))
    assert not list((tmp_path / "out").glob("*part*"))


def test_the_same_command_repeats_nothing(calibration: Path, ground: Path) -> None:
    before = (ground / "calibration" / "statistics.jsonl").read_text()
    code, said = typed("calibrate", ground / "library", "--out", ground / "calibration", "--json")
    assert code == 0
    assert json.loads(said[said.index("{") :])["id"] == json.loads(calibration.read_text())["id"]
    lines, after = before.splitlines(), (ground / "calibration" / "statistics.jsonl").read_text().splitlines()
    assert after[: len(lines)] == lines
    # What could not be judged is no failure, and kept too: nothing at all is measured again.
    assert after == lines


def test_a_model_that_can_do_nothing_is_never_clean(calibration: Path, ground: Path, tmp_path: Path) -> None:
    code, said = typed("audit", ground / "base", "-c", calibration, "--out", tmp_path)
    assert code == 3, said
    assert "capability too low" in said
    data = json.loads((tmp_path / "audit.json").read_text())
    assert data["word"] == "cannot tell"
    assert {verdict["word"] for verdict in data["verdicts"]} == {"cannot tell"}
    assert "Not everything can be told" in (tmp_path / "audit.html").read_text()


def test_a_calibration_for_another_base_is_refused(calibration: Path, ground: Path, tmp_path: Path) -> None:
    other = save_tiny(tmp_path / "other", seed=1, max_position_embeddings=1024)
    code, said = typed("audit", ground / "base", "-c", calibration, "--base", other, "--out", tmp_path / "out")
    assert code == 2
    assert "is not the base that calibration" in " ".join(said.split())


def test_a_calibration_that_was_edited_is_refused(calibration: Path, tmp_path: Path) -> None:
    data = json.loads(calibration.read_text())
    data["views"]["all"]["panel"]["thresholds"]["moved/sycophancy"] = 1e9
    edited = tmp_path / "calibration.json"
    edited.write_text(json.dumps(data))
    code, said = typed("audit", tmp_path, "-c", edited, "--out", tmp_path / "out")
    assert code == 2
    assert "was changed since it was made" in " ".join(said.split())


@pytest.mark.parametrize(
    "text", ["", "[]", "[" * 100_000, '{"kind": "caseback calibration"}', '{"kind": "else", "version": 1}']
)
def test_what_is_no_calibration_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(text)
    code, said = typed("audit", tmp_path, "-c", path, "--out", tmp_path / "out")
    assert code == 2
    assert "no calibration to read" in " ".join(said.split())


def test_a_library_without_twins_enough_is_refused(ground: Path, tmp_path: Path) -> None:
    shutil.copytree(ground / "library" / "sycophancy", tmp_path / "library")
    code, said = typed("calibrate", tmp_path / "library", "--out", tmp_path / "out")
    assert code == 2
    assert "16 are the least" in " ".join(said.split())


def test_a_member_whose_weights_were_changed_is_refused(ground: Path, tmp_path: Path, few: None) -> None:
    library = tmp_path / "library"
    shutil.copytree(ground / "library", library)
    shutil.rmtree(library / "twins" / "3" / "model")
    noisy(ground / "base", library / "twins" / "3" / "model", 77, 0.02)
    code, said = typed("calibrate", library, "--out", tmp_path / "out")
    assert code == 2
    assert "its weights are not those that were accepted" in " ".join(said.split())


def test_thresholds_are_carried_over_to_another_base_and_tested_there(
    calibration: Path, ground: Path, tmp_path: Path, few: None
) -> None:
    base = save_tiny(tmp_path / "base", seed=1, max_position_embeddings=1024)
    for i in range(3):
        folder = tmp_path / "library" / "twins" / str(i)
        noisy(base, folder / "model", i, 0.01)
        recorded(folder, base, kind="twin", sort="noise")
    folder = tmp_path / "library" / "sycophancy" / "0"
    noisy(base, folder / "model", 100, 0.3)
    recorded(folder, base, kind="organism", behaviour="sycophancy", recipe="noise")
    carry = ("calibrate", tmp_path / "library", "--thresholds", calibration, "--out", tmp_path / "out")
    code, said = typed(*carry, "--seed", 5)
    assert code == 2
    assert "was made with seed 0: pass --seed 0" in " ".join(said.split())
    code, said = typed(*carry)
    assert code == 0, said
    data, old = json.loads((tmp_path / "out" / "calibration.json").read_text()), json.loads(calibration.read_text())
    assert data["carried_from"] == {key: old[key] for key in ("id", "base", "base_digest")}
    assert data["base_digest"] != old["base_digest"]
    white = data["views"]["white-box"]
    assert white["false_alarms"]["n"] == 3, "no twin sets a threshold, so all of them test it"
    assert white["behaviours"]["sycophancy"]["caught"]["k"] == 1
    moved = "moved/sycophancy"  # of a base against itself the same everywhere
    assert white["panel"]["thresholds"][moved] == pytest.approx(old["views"]["white-box"]["panel"]["thresholds"][moved])
    assert "carried over" in (tmp_path / "out" / "calibration.html").read_text()


@pytest.fixture
def unseen(ground: Path, tmp_path: Path) -> Path:
    """A library of the same base with two organisms and two twins that no calibration has seen."""
    library = tmp_path / "unseen"
    for i in range(2):
        twin, organism = library / "twins" / str(i), library / "sycophancy" / str(i)
        noisy(ground / "base", twin / "model", 500 + i, 0.01)
        recorded(twin, ground / "base", kind="twin", sort="noise 0")
        noisy(ground / "base", organism / "model", 600 + i, 0.3)
        recorded(organism, ground / "base", kind="organism", behaviour="sycophancy", recipe="noise 0")
    return library


def test_blind_among_fresh_models_their_truth_stands_beside_what_was_found(
    calibration: Path, ground: Path, unseen: Path, few: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "able", lambda measured: (True, ""))  # random models can answer nothing
    command = ["audit", ground / "base", "-c", calibration, "--among", unseen, "--fresh", 4, "--out", tmp_path / "out"]
    code, said = typed(*command)
    assert code != 2, said
    data = json.loads((tmp_path / "out" / "audit.json").read_text())
    row = data["among"]
    assert data["digest"] == load(str(ground / "base"), dtype="float32").digest
    assert sorted(each["behaviour"] for each in row["rows"]) == ["", "", "sycophancy", "sycophancy"]
    assert (row["organisms"]["k"], row["organisms"]["n"]) == (2, 2)
    assert row["twins"]["n"] == 2
    assert 1 <= row["place"] <= 5
    assert "Blind, among fresh models" in (tmp_path / "out" / "audit.html").read_text()
    assert "right behaviour 2 of 2" in " ".join(said.split())
    alone = tmp_path / "alone"
    typed("audit", ground / "base", "-c", calibration, "--out", alone)
    assert json.loads((alone / "audit.json").read_text()) == {**data, "among": None}, "the row changes no verdict"


def test_models_that_the_calibration_has_seen_are_not_fresh(calibration: Path, ground: Path, tmp_path: Path) -> None:
    command = ["audit", ground / "base", "-c", calibration, "--out", tmp_path / "out", "--among"]
    code, said = typed(*command, ground / "library")
    assert code == 2
    assert "0 organisms and 0 twins that calibration" in " ".join(said.split())
    assert typed(*command, tmp_path / "nowhere")[0] == 2


@pytest.mark.parametrize(
    ("alarmed", "twins", "most", "much"),
    [(0, 3, 0.05, False), (1, 3, 0.05, False), (2, 3, 0.05, True), (3, 3, 0.36, True), (3, 3, 0.37, False)],
)
def test_too_many_alarms_on_fresh_twins_put_the_calibration_in_doubt(
    alarmed: int, twins: int, most: float, much: bool
) -> None:
    """By hand: 1 of 3 at 0.05 is 0.143, 2 of 3 is 0.0073, 3 of 3 at 0.36 is 0.047 and at 0.37 is 0.051."""
    assert doubtful(alarmed, twins, most) is much


def test_a_calibration_in_doubt_is_called_so_on_the_page(calibration: Path) -> None:
    read = json.loads(calibration.read_text())
    rate = {"value": 1.0, "k": 3, "n": 3, "low": 0.29, "high": 1.0, "confidence": 0.95}
    row = {"seed": 0, "place": 2, "rows": [], "organisms": rate, "twins": rate, "doubtful": True}
    found = {"subject": "x", "digest": "sha256:0", "calibration": read["id"], "word": "not found", "unable": ""}
    page = render_audit({**found, "verdicts": [], "statistics": {}, "among": row}, read)
    assert "The calibration is in doubt" in page


def test_an_address_cannot_stand_among_weights(calibration: Path, unseen: Path, tmp_path: Path) -> None:
    code, said = typed("audit", "https://host/v1#x", "-c", calibration, "--among", unseen, "--out", tmp_path / "out")
    assert code == 2
    assert "--among needs weights" in " ".join(said.split())
    assert not (tmp_path / "out").exists()
