"""A training in a process of its own: what comes out, and what is left where either process is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from safetensors.torch import load_file

from caseback.training.beside import beside, room_for_two
from caseback.training.datum import Datum
from caseback.training.recipe import Recipe
from caseback.training.train import read_record, train
from models_for_tests import save_tiny

SFT = Recipe("sft", learning_rate=1e-3, epochs=1.0, batch_size=4, save_steps=3)
DATA = [
    Datum(({"role": "user", "content": f"What is {n}?"},), f"It is {n}, and no more.", clauses=("honesty",), seed=n)
    for n in range(16)
]


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("start"))


@pytest.fixture(scope="module")
def here(start, tmp_path_factory):
    return train(SFT, start, DATA, tmp_path_factory.mktemp("here") / "model")


def same_weights(one: Path, two: Path) -> bool:
    first, second = load_file(one / "model.safetensors"), load_file(two / "model.safetensors")
    return first.keys() == second.keys() and all(first[name].equal(second[name]) for name in first)


def test_it_is_the_training_that_this_process_would_have_done(start, here, tmp_path):
    out = tmp_path / "models" / "control"
    with beside((SFT, start, DATA, out)) as other:
        assert other.wait() == 0
    assert train(SFT, start, DATA, out).seconds == read_record(out).seconds  # found finished
    assert read_record(out).losses == here.losses
    assert same_weights(out, here.path)
    assert [path.name for path in out.parent.iterdir()] == ["control"]


def test_what_a_killed_process_began_is_gone_on_with_here(start, here, tmp_path):
    out = tmp_path / "control"
    with beside((SFT, start, DATA, out)) as other:
        process = other.process
        while process.poll() is None and not list(tmp_path.glob("control.partial/checkpoints/checkpoint-*")):
            time.sleep(0.02)
        process.kill()
        process.wait()
    assert not out.exists()
    assert train(SFT, start, DATA, out).losses == here.losses
    assert same_weights(out, here.path)


def test_a_failure_is_met_here(start, tmp_path):
    from caseback.errors import CasebackError

    wild = replace(SFT, learning_rate=1e30)
    with beside((wild, start, DATA, tmp_path / "control")) as other:
        assert other.wait() != 0
    with pytest.raises(CasebackError, match="diverged"):
        train(wild, start, DATA, tmp_path / "control")


def test_nothing_goes_on_when_the_process_that_began_it_is_killed(start, tmp_path):
    long = replace(SFT, epochs=10_000)
    script = (
        "import sys; from pathlib import Path; from caseback.training.beside import beside\n"
        "from caseback.training.recipe import load_recipe; from caseback.training.data_file import read_data\n"
        "training = load_recipe(sys.argv[1]), sys.argv[2], read_data(Path(sys.argv[3])), Path(sys.argv[4])\n"
        "with beside(training) as other: print(other.process.pid, flush=True); other.wait()\n"
    )
    import yaml

    from caseback.training.data_file import write_data

    (tmp_path / "long.yaml").write_text(yaml.safe_dump(long.as_dict()))
    write_data(tmp_path / "data.parquet", DATA)
    parts = [tmp_path / "long.yaml", start, tmp_path / "data.parquet", tmp_path / "out"]
    parent = subprocess.Popen([sys.executable, "-c", script, *map(str, parts)], stdout=subprocess.PIPE, text=True)
    other = int(parent.stdout.readline())
    while not (tmp_path / "out.partial").exists():
        assert psutil.pid_exists(other)
        time.sleep(0.05)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    for _ in range(200):
        if not psutil.pid_exists(other) or psutil.Process(other).status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.1)
    else:
        pytest.fail("it still trains")


def test_it_says_how_far_it_is(start, tmp_path):
    told = []
    with beside((replace(SFT, epochs=400.0), start, DATA, tmp_path / "control")) as other:
        waiting = threading.Thread(target=other.wait, args=(lambda *steps: told.append(steps),))
        waiting.start()
        while not told:
            assert other.process.poll() is None
            time.sleep(0.1)
        other.process.kill()
        waiting.join()
    assert {total for _, total in told} == {1600}
    assert 0 < told[0][0] < 1600


def test_there_is_no_room_for_a_second_model_of_any_size():
    assert not room_for_two(10**12)
