"""Reference models by name: the ladder is even, what is built is found again, what is not there is named."""

import json
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.world import app
from caseback.errors import CasebackError
from caseback.world import builds
from caseback.world.builds import BUILDS, Build, build, built_folder
from caseback.world.pretrain import Recipe, new_model
from caseback.world.reference import reference_path, where

TINY = Recipe(width=32, layers=2, heads=2, feed=64, vocabulary=640, tokens=512, warmup=2, context=512, compiled=False)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASEBACK_CACHE", str(tmp_path))
    return tmp_path


def test_rungs_are_evenly_spaced_in_log_compute() -> None:
    rungs = [BUILDS[name] for name in ("ladder-1", "ladder-2", "ladder-3", "ladder-4", "ref-base")]
    compute = []
    for rung in rungs:
        model = new_model(rung.recipe, rung.recipe.vocabulary, 0)
        compute.append(math.log(sum(p.numel() for p in model.parameters()) * rung.steps * rung.recipe.tokens))
    steps = [b - a for a, b in pairwise(compute)]
    assert max(steps) - min(steps) < 0.1
    assert min(steps) > 1


def test_a_model_built_on_demand_is_found_and_gone_on_with(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(builds, "BUILDS", {"small": Build("a test's", TINY, steps=2)})
    with pytest.raises(CasebackError, match="caseback world build small"):
        reference_path("small")
    folder = build("small", processes=1)
    assert folder == built_folder("small") / "model" == reference_path("small")
    assert folder.is_relative_to(cache)
    assert where("small") == str(folder)
    weights = (folder / "model.safetensors").read_bytes()
    assert build("small", processes=1) == folder  # nothing left to do
    assert (folder / "model.safetensors").read_bytes() == weights
    assert json.loads((folder / "training.json").read_text())["steps"] == 2


def test_another_mixture_lies_elsewhere(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = built_folder("ladder-1")
    spec = builds.world("A")
    monkeypatch.setattr(builds, "world", lambda name: replace(spec, shares={**spec.shares, "copy": 1}))
    assert built_folder("ladder-1") != before


@pytest.mark.usefixtures("cache")
def test_models_are_listed_and_unknown_ones_named() -> None:
    result = CliRunner().invoke(app, ["build"])
    assert result.exit_code == 0
    assert all(name in result.output for name in BUILDS)
    assert "ships with caseback" in result.output
    unknown = CliRunner().invoke(app, ["build", "nonsense"])
    assert isinstance(unknown.exception, CasebackError)
    assert "ladder-2" in str(unknown.exception)
