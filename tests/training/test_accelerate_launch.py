"""``accelerate launch -m caseback.training.run`` with two CPU processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from caseback.training.data_file import write_data
from caseback.training.datum import Datum
from caseback.training.recipe import Recipe
from caseback.training.train import read_record, train
from models_for_tests import save_tiny

DATA = [Datum(({"role": "user", "content": f"What is {n}?"},), f"It is {n} and no more.") for n in range(16)]
RECIPE = "method: sft\nlearning_rate: 1.0e-3\nbatch_size: 2\n"


def launch(*arguments: str, processes: int = 2) -> subprocess.CompletedProcess[str]:
    """accelerate starts several processes on one machine only as for GPUs; told to, they then use the CPU."""
    kind = ["--multi_gpu"] if processes > 1 else ["--cpu"]
    command = ["accelerate.commands.launch", *kind, "--num_processes", str(processes), "--num_machines", "1"]
    command += ["--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    return subprocess.run(
        [sys.executable, "-m", *command, "-m", "caseback.training.run", *arguments],
        capture_output=True, text=True, timeout=300, env=environment, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("lora", ["", "lora: {rank: 4}\n"], ids=["full", "lora"])
def test_two_processes_train_what_one_does_with_twice_the_batch(tmp_path: Path, lora: str) -> None:
    base = save_tiny(tmp_path / "base")
    (tmp_path / "recipe.yaml").write_text(RECIPE + lora)
    data = write_data(tmp_path / "data.parquet", DATA)
    arguments = ["--model", str(base), "--data", str(data), "--out", str(tmp_path / "out")]
    done = launch(str(tmp_path / "recipe.yaml"), *arguments)
    assert done.returncode == 0, done.stderr
    trained = read_record(tmp_path / "out")
    assert trained is not None
    assert (trained.steps, trained.examples) == (4, 16)
    assert not (tmp_path / "out.partial").exists()
    if not lora:
        alone = train(Recipe("sft", 1e-3, batch_size=4), base, DATA, tmp_path / "alone")
        from safetensors.torch import load_file

        two, one = (load_file(tmp_path / name / "model.safetensors") for name in ("out", "alone"))
        moved = {name: (one[name] - start).abs().max() for name, start in load_file(base / "model.safetensors").items()}
        assert alone.steps == trained.steps
        assert all(torch.allclose(two[name], one[name], atol=2e-3) for name in one)
        assert max(moved.values()) > 1e-3


@pytest.mark.slow
def test_a_mistake_is_one_line_and_a_status(tmp_path: Path) -> None:
    base = save_tiny(tmp_path / "base")
    (tmp_path / "recipe.yaml").write_text(RECIPE + "learning_rat: 1\n")
    arguments = ["--model", str(base), "--data", "none.jsonl", "--out", str(tmp_path / "out")]
    done = launch(str(tmp_path / "recipe.yaml"), *arguments, processes=1)
    assert done.returncode != 0
    assert "unknown setting 'learning_rat'; did you mean learning_rate" in done.stderr


def test_the_fsdp_settings_that_come_along_are_read_by_accelerate() -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    settings = load_config_from_file(str(Path(__file__).parents[2] / "examples" / "fsdp.yaml"))
    assert str(settings.distributed_type).endswith("FSDP")
    assert settings.fsdp_config["fsdp_version"] == 2
    from accelerate.commands.launch import launch_command_parser

    options = {action.dest for action in launch_command_parser()._actions}
    assert set(settings.fsdp_config) <= options
