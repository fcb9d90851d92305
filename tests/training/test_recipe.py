"""Recipes: the packaged ones read, and mistakes in others are named."""

from pathlib import Path

import pytest

from caseback.errors import CasebackError
from caseback.training.recipe import PACKAGED, Lora, load_recipe, parse_recipe
from caseback.training.trl_config import trl_config


@pytest.mark.parametrize("name", PACKAGED)
def test_packaged_recipes_read(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.method == name
    assert recipe.lora == Lora()


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"method": "sft", "learning_rat": 1e-4}, "'learning_rat'; did you mean learning_rate"),
        ({"method": "sft", "learning_rate": 1e-4, "zzz": 1}, "'zzz'; known settings"),
        ({"method": "sft"}, "'learning_rate' is missing"),
        ({"method": "ppo", "learning_rate": 1e-4}, "'ppo'; it must be one of sft, dpo, kto, grpo, rloo"),
        ({"method": "sft", "learning_rate": "fast"}, "'learning_rate' must be a number, not 'fast'"),
        ({"method": "sft", "learning_rate": -1}, "above 0"),
        ({"method": "sft", "learning_rate": 1e-4, "batch_size": 1.5}, "whole number"),
        ({"method": "sft", "learning_rate": 1e-4, "batch_size": True}, "whole number"),
        ({"method": "sft", "learning_rate": 1e-4, "lora": {"rang": 4}}, "'rang'; did you mean rank"),
        ({"method": "sft", "learning_rate": 1e-4, "trainer": [1]}, "mapping"),
        (["sft"], "mapping"),
        (None, "mapping"),
    ],
)
def test_mistakes_are_named(record: object, said: str) -> None:
    with pytest.raises(CasebackError) as error:
        parse_recipe(record, "mine.yaml")
    assert said in str(error.value)
    assert str(error.value).startswith("mine.yaml")


def test_numbers_that_yaml_reads_as_text() -> None:
    assert parse_recipe({"method": "sft", "learning_rate": "2e-5"}).learning_rate == 2e-5


def test_lora_forms() -> None:
    base = {"method": "sft", "learning_rate": 1e-4}
    assert parse_recipe({**base, "lora": True}).lora == Lora()
    assert parse_recipe({**base, "lora": {"rank": 4}}).lora == Lora(rank=4)


def test_broken_files(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("method: [sft")
    with pytest.raises(CasebackError, match="not YAML"):
        load_recipe(path)
    with pytest.raises(CasebackError, match="no recipe to read"):
        load_recipe(tmp_path / "none.yaml")


def test_settings_of_trl_pass_through_and_unknown_ones_do_not(tmp_path: Path) -> None:
    base = {"method": "dpo", "learning_rate": 1e-4}
    config = trl_config(
        parse_recipe({**base, "trainer": {"report_to": "tensorboard", "label_smoothing": 0.1}}), tmp_path, 64
    )
    assert config.report_to == ["tensorboard"]
    assert config.label_smoothing == 0.1
    assert config.max_length == 64, "held to the model's context"
    assert trl_config(parse_recipe(base), tmp_path, None).report_to == []
    with pytest.raises(CasebackError, match=r"'report_too'; did you mean report_to"):
        trl_config(parse_recipe({**base, "trainer": {"report_too": "wandb"}}), tmp_path, None)
