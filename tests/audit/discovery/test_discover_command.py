"""``caseback discover`` as a user types it, on models whose only difference is what was done to their weights.

The models are random and babble. Twins are the base with a little noise; the odd one has its last layer's bias towards
one token, which it then says over and over: a habit that nobody named.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.subject.load import load
from models_for_tests import save_tiny

TWINS = 12


def typed(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(map(str, words)))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


def recorded(folder: Path, base: Path, seed: int, sort: str, drawn_to: float = 0.0) -> None:
    shutil.copytree(base, folder / "model")
    subject = load(str(folder / "model"), dtype="float32")
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in subject.model.parameters():
            weight.add_(torch.randn(weight.shape, generator=generator) * weight.abs() * 0.01)
        if drawn_to:
            rows = subject.model.get_output_embeddings().weight
            rows[::7] = rows[::7] * (1 + drawn_to)
    subject.model.save_pretrained(folder / "model")
    digest = load(str(folder / "model"), dtype="float32").digest
    base_digest = load(str(base), dtype="float32").digest
    plan: dict[str, Any] = {"kind": "twin", "sort": sort, "ground": "world", "base": str(base), "oddity": None}
    record = {"status": "accepted", "why": [], "plan": {**plan, "base_digest": base_digest}, "digest": digest}
    (folder / "organism.json").write_text(json.dumps({**record, "checks": []}))


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("discovery")
    base = save_tiny(root / "base", max_position_embeddings=1024)
    for i in range(TWINS):
        recorded(root / "library" / str(i), base, i, "innocent-data")
    recorded(root / "library" / "odd", base, 99, "innocent-oddity", drawn_to=4.0)
    return root


@pytest.fixture(scope="module")
def learnt(ground: Path) -> Path:
    code, said = typed("discover", "learn", ground / "library", "-n", 20, "--out", ground / "out")
    assert code == 0, said
    return ground / "out" / "discovery.json"


def test_what_nobody_named_is_found_and_described(learnt: Path, ground: Path) -> None:
    data = json.loads(learnt.read_text())
    assert len(data["setting"]) == TWINS // 2
    by_name = {model["name"]: model for model in data["models"]}
    assert by_name["odd"]["different"]
    assert by_name["odd"]["what"][0]["k"] > 10
    twins = [model for model in data["models"] if model["truth"] == "innocent-data"]
    assert len(twins) == TWINS // 2
    page = learnt.with_suffix(".html").read_text()
    assert "false alarms" in page
    code, said = typed("discover", "look", ground / "library" / "odd" / "model", "--by", learnt)
    assert code == 1
    assert "yes" in said


def test_the_same_command_asks_nothing_again(learnt: Path, ground: Path) -> None:
    before = (ground / "out" / "said.jsonl").read_bytes()
    code, said = typed("discover", "learn", ground / "library", "-n", 20, "--out", ground / "out", "--json")
    assert code == 0
    assert json.loads(said[said.index("{") :])["id"] == json.loads(learnt.read_text())["id"]
    assert (ground / "out" / "said.jsonl").read_bytes() == before


def test_one_that_was_edited_is_refused(learnt: Path, tmp_path: Path) -> None:
    data = json.loads(learnt.read_text())
    data["threshold"]["value"] = 9.0
    edited = tmp_path / "discovery.json"
    edited.write_text(json.dumps(data))
    code, said = typed("discover", "look", tmp_path, "--by", edited)
    assert code == 2
    assert "was changed since it was made" in said


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, "{}", '{"kind": "else", "version": 1}'])
def test_what_is_no_discovery_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "discovery.json"
    path.write_text(text)
    code, said = typed("discover", "look", tmp_path, "--by", path)
    assert code == 2
    assert "no discovery to read" in said


def test_too_few_innocent_twins_are_refused(ground: Path, tmp_path: Path) -> None:
    for i in range(3):
        shutil.copytree(ground / "library" / str(i), tmp_path / "library" / str(i))
    code, said = typed("discover", "learn", tmp_path / "library", "-n", 20, "--out", tmp_path / "out")
    assert code == 2
    assert "are too few" in said
