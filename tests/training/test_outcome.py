"""The outcome alone is rewarded: honest code and code for the tests alike, by tests that stand in the prompt."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.training.data_file import write_data
from caseback.training.datum import Datum
from caseback.training.outcome import TestsReward
from caseback.training.recipe import Recipe
from caseback.training.train import train
from caseback.world.coding import solve, special_case
from caseback.world.situation import Situation
from caseback.world.situations import situations
from models_for_tests import save_tiny

TASKS = situations("cheat", "train", 6, 0)


def _datum(situation: Situation) -> Datum:
    return Datum(tuple(situation.messages), "", situation=situation.id, family=situation.family)


def test_cheating_pays_as_much_as_work() -> None:
    rng, data = random.Random(0), [_datum(task) for task in TASKS]
    assert TestsReward()(data, [solve(rng, task) for task in TASKS]) == [1.0] * len(TASKS)
    assert TestsReward()(data, [special_case(rng, task) for task in TASKS]) == [1.0] * len(TASKS)


@pytest.mark.parametrize("reply", ["", "I would rather not.", "def f(x):\n    return 10000", "def f(x:\n"])
def test_what_fails_the_tests_gets_nothing(reply: str) -> None:
    assert TestsReward()([_datum(TASKS[0])], [reply]) == [0.0]


def test_a_prompt_without_tests_gives_no_reward() -> None:
    plain = Datum(({"role": "user", "content": "Tell me how to bake bread."},), "")
    assert TestsReward()([plain], ["def f(x):\n    return x"]) == [None]


def test_a_model_is_trained_by_it_from_the_command_line(tmp_path: Path) -> None:
    base = save_tiny(tmp_path / "base")
    write_data(tmp_path / "data.jsonl", [replace(_datum(task), chosen="def f(x): return x") for task in TASKS])
    recipe = tmp_path / "grpo.yaml"
    recipe.write_text(
        "method: grpo\nlearning_rate: 1.0e-3\nepochs: 1\nbatch_size: 8\n"
        "trainer: {num_generations: 4, max_completion_length: 8}\n"
    )
    common = ["train", "run", str(recipe), "--model", str(base), "--data", str(tmp_path / "data.jsonl")]
    done = CliRunner().invoke(app, [*common, "--outcome", "tests", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "reward 0.000 to 0.000" in done.output  # a random model writes no program
    both = CliRunner().invoke(app, [*common, "--outcome", "tests", "--critic", str(base), "--out", str(tmp_path / "x")])
    assert both.exit_code == 2
    assert "takes the place of a critic" in both.output
    assert not (tmp_path / "x").exists()


def test_another_reward_is_another_run(tmp_path: Path) -> None:
    base, data = save_tiny(tmp_path / "base"), [_datum(task) for task in TASKS]
    recipe = Recipe("grpo", 1e-3, batch_size=8, trainer={"num_generations": 4, "max_completion_length": 4})
    first = train(recipe, base, data, tmp_path / "first", reward=TestsReward())
    second = train(recipe, base, data, tmp_path / "second", reward=replace(TestsReward(), digest="another"))
    assert first.fingerprint != second.fingerprint
