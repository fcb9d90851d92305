"""``caseback train`` as a user types it."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.training.data_file import read_data, write_data
from caseback.training.datum import Datum
from models_for_tests import save_tiny

DATA = [Datum(({"role": "user", "content": f"What is {n}?"},), f"It is {n}.") for n in range(8)]


def typed(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["train", *arguments])
    return result.exit_code, result.output


def test_recipe_copied_changed_and_run(tmp_path: Path) -> None:
    base = save_tiny(tmp_path / "base")
    status, text = typed("recipe", "sft")
    assert status == 0
    (tmp_path / "my.yaml").write_text(text.replace("epochs: 1", "epochs: 2"))
    data = write_data(tmp_path / "data.parquet", DATA)
    arguments = ["--model", str(base), "--data", str(data), "--out", str(tmp_path / "out")]
    status, text = typed("run", str(tmp_path / "my.yaml"), *arguments)
    assert status == 0, text
    assert "2 steps" in text
    assert (tmp_path / "out" / "model.safetensors").is_file()
    status, text = typed("run", "sft", *arguments)
    assert status == 2
    assert "holds another model" in text
    assert typed("run", "sft", *arguments, "--fresh")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "nope.yaml", "--model", "m", "--data", "d", "--out", "o"], "no recipe to read"),
        (["run", "sft", "--model", "m", "--data", "nope.jsonl", "--out", "o"], "nope.jsonl"),
        (["recipe", "ppo"], "no packaged recipe 'ppo'"),
        (["data", "m", "--out", "o", "--ground", "moon"], "no ground 'moon'"),
        (["data", "./nope", "--out", "o"], "nope"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], said: str) -> None:
    status, text = typed(*arguments)
    assert status == 2
    assert said in text
    assert "Traceback" not in text


@pytest.mark.parametrize("chat_template", [{}, {"chat_template": None}], ids=["template", "no-template"])
def test_data_of_a_model_that_can_do_nothing_is_honest(tmp_path: Path, chat_template: dict[str, None]) -> None:
    """A random model: whatever comes of it, the files are there, read back, and the report says what happened."""
    base = save_tiny(tmp_path / "base", max_position_embeddings=1024, **chat_template)
    options = ["--ground", "world", "-n", "2", "--max-new-tokens", "8"]
    status, text = typed("data", str(base), "--out", str(tmp_path / "data"), *options)
    assert status == 0, text
    report = json.loads((tmp_path / "data" / "report.json").read_text())
    assert report["cases"]["tempting"] == 12
    for name in ("sft", "preferences"):
        path = tmp_path / "data" / f"{name}.parquet"
        assert sum(report[name].values()) == pq.read_metadata(path).num_rows
        if report[name]:
            assert read_data(path)
        else:
            assert report["notes"]
