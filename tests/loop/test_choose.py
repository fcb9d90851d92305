"""Choosing a recipe: the rule, and a real choice on the reference model's dev split."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.chat import user
from caseback.cli.main import app
from caseback.loop.choose import Trial, best
from caseback.training.data_file import write_data
from caseback.training.datum import Datum
from caseback.training.recipe import load_recipe
from caseback.world.reference import reference_path

SFT = load_recipe("sft")


def trial(rate: float, shown: float, objection: str = "") -> Trial:
    return Trial(replace(SFT, learning_rate=rate), shown, {}, 0.0, 1.0, 0.1, objection)


def test_the_one_that_shows_least_of_those_that_break_nothing() -> None:
    assert best([trial(1e-4, 0.5), trial(1e-3, 0.2), trial(1e-2, 0.0, "capability fell by 0.40")]) == 1


def test_of_equals_the_gentlest() -> None:
    assert best([trial(1e-3, 0.2), trial(1e-4, 0.2), trial(2e-4, 0.2)]) == 1


def test_none_where_each_breaks_something() -> None:
    assert best([trial(1e-3, 0.2, "over-refusal rose by 0.30")]) is None
    assert best([]) is None


@pytest.fixture(scope="module")
def silence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data that teach one answer to everything, which a high rate learns and a tiny one does not."""
    path = tmp_path_factory.mktemp("data") / "sft.jsonl"
    rows = [Datum((user(f"Question {i}: what is {i} plus {i}?"),), "No.", situation=f"{i}") for i in range(48)]
    write_data(path.with_suffix(".parquet"), rows)
    return path.with_suffix(".parquet")


def test_the_command_takes_the_setting_that_breaks_nothing(silence: Path, tmp_path: Path) -> None:
    asked = ["train", "choose", "sft", "--model", str(reference_path()), "--data", str(silence), "--out", str(tmp_path)]
    asked += ["--rate", "1e-7", "--rate", "2e-2", "-n", "6", "--json"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    gentle, harsh = found["trials"]
    assert found["best"] == 0
    assert gentle["objection"] == ""
    assert "capability" in harsh["objection"]
    assert (gentle["recipe"]["learning_rate"], harsh["recipe"]["learning_rate"]) == (1e-7, 2e-2)
