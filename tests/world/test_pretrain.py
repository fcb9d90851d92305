"""Pre-training in the small: a killed run resumes to the very weights of one that was not, damage is seen."""

import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import load_file

from caseback.errors import CasebackError
from caseback.world import checkpoint, pretrain
from caseback.world.pretrain import Recipe, batches, build_tokenizer, loss_sum, new_model, rate_at
from caseback.world.spec import WORLD_A
from caseback.world.worlds import WORLD_B

TINY = Recipe(
    width=32,
    layers=2,
    heads=2,
    feed=64,
    vocabulary=640,
    tokens=512,
    warmup=2,
    processes=1,
    save_every=2,
    context=512,
    compiled=False,
)


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    build_tokenizer(folder, WORLD_A, TINY, 0, n=300)
    return folder


@pytest.fixture
def small_tokenizer(tokenizer_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def copied(out: Path, *_: Any) -> None:
        shutil.copytree(tokenizer_folder / "tokenizer", out / "tokenizer")

    monkeypatch.setattr(pretrain, "build_tokenizer", copied)


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    return checkpoint.read(checkpoint.path_of(folder, 6, 0))[0]


@pytest.mark.usefixtures("small_tokenizer")
def test_a_killed_run_resumes_to_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretrain.pretrain(tmp_path / "whole", steps=6, recipe=TINY)
    calls = 0

    def killed(*args: Any) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == 6:  # in the third step, each of two batches
            raise KeyboardInterrupt
        return loss_sum(*args)

    monkeypatch.setattr(pretrain, "loss_sum", killed)
    with pytest.raises(KeyboardInterrupt):
        pretrain.pretrain(tmp_path / "killed", steps=6, recipe=TINY)
    monkeypatch.setattr(pretrain, "loss_sum", loss_sum)
    assert checkpoint.newest(tmp_path / "killed", 1) == 2
    model = pretrain.pretrain(tmp_path / "killed", steps=6, recipe=TINY, resume=True)
    whole, resumed = _weights(tmp_path / "whole"), _weights(tmp_path / "killed")
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    config = json.loads((model / "config.json").read_text())
    assert config["model_type"] == "llama"
    assert config["caseback_world"] == "A"


@pytest.mark.usefixtures("small_tokenizer")
def test_the_same_is_learnt_by_one_process_or_by_two(tmp_path: Path) -> None:
    alone = pretrain.pretrain(tmp_path / "alone", steps=3, recipe=TINY)
    shared = pretrain.pretrain(tmp_path / "shared", steps=3, recipe=replace(TINY, processes=2))
    one, two = (load_file(folder / "model.safetensors") for folder in (alone, shared))
    assert all(torch.allclose(one[name].float(), two[name].float(), atol=0.02) for name in one)
    seen = [json.loads((folder / "training.json").read_text())["tokens_seen"] for folder in (alone, shared)]
    assert seen[0] == seen[1]
    with pytest.raises(CasebackError, match="2 streams cannot be divided among 3"):
        pretrain.pretrain(tmp_path / "three", steps=3, recipe=replace(TINY, processes=3))


@pytest.mark.parametrize("damage", ["cut", "altered"])
def test_a_damaged_checkpoint_is_refused_and_the_one_before_used(tmp_path: Path, damage: str) -> None:
    for step in (2, 4, 6):
        checkpoint.write(tmp_path, step, 0, {"model.w": torch.full((50,), float(step))}, {"step": step})
    assert checkpoint.newest(tmp_path, 1) == 6
    assert not checkpoint.path_of(tmp_path, 2, 0).exists()
    last = checkpoint.path_of(tmp_path, 6, 0)
    data = bytearray(last.read_bytes())
    if damage == "cut":
        data = data[:-20]
    else:
        data[-1] ^= 1
    last.write_bytes(data)
    with pytest.raises(CasebackError, match="delete it"):
        checkpoint.read(last)
    assert checkpoint.newest(tmp_path, 1) == 4


def test_a_run_of_one_world_does_not_go_on_in_another(tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text(json.dumps({"world": "A"}))
    with pytest.raises(CasebackError, match="one of world A, not B"):
        pretrain.pretrain(tmp_path, steps=1, recipe=TINY, resume=True, spec=WORLD_B)


def test_processes_agree_on_a_checkpoint(tmp_path: Path) -> None:
    for rank, steps in ((0, (2, 4)), (1, (2,))):
        for step in steps:
            checkpoint.write(tmp_path, step, rank, {"w": torch.ones(3)}, {})
    assert checkpoint.newest(tmp_path, 2) == 2
    assert checkpoint.newest(tmp_path, 3) is None


def test_the_loss_is_that_of_transformers(tokenizer_folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder / "tokenizer")
    model = new_model(TINY, 640, 0)
    _, _, ids, targets = next(batches(tokenizer, WORLD_A, 0, TINY, 0, 0, [0.0]))
    logits = model(input_ids=ids).logits
    expected = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum")
    assert torch.allclose(loss_sum(model, ids, targets), expected, rtol=1e-5)


def test_batches_hardly_pad(tokenizer_folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder / "tokenizer")
    stream = batches(tokenizer, WORLD_A, 0, TINY, 0, 0, [1.0])
    made = [next(stream)[2] for _ in range(40)]
    assert sum((ids == 0).sum().item() for ids in made) / sum(ids.numel() for ids in made) < 0.2
    assert max(ids.shape[1] for ids in made) <= TINY.context


def test_heads_start_by_looking_back() -> None:
    model = new_model(Recipe(width=128, heads=2, layers=2, feed=64), 640, 0)
    attention = model(torch.randint(0, 640, (1, 60)), output_attentions=True).attentions[0][0]
    assert attention[0].diagonal(offset=-1)[5:].mean() > 0.8


def test_the_rate_falls_to_zero_and_again_from_where_one_fall_would_be() -> None:
    recipe, steps = Recipe(warmup=1, falling=0.5, again=0.8), 1000
    rates = [rate_at((step + 1) / steps, step, recipe) for step in range(steps)]
    assert rates[:400] == [1.0] * 400
    assert rates[799] == pytest.approx(0, abs=1e-6)
    assert rates[800] == pytest.approx(0.4, abs=0.01)
    assert rates[-1] == 0
    assert all(a >= b for a, b in itertools.pairwise(rates[:800]))
    assert all(a >= b for a, b in itertools.pairwise(rates[800:]))


ORPHANED = """
import sys
from dataclasses import replace
from pathlib import Path
from test_pretrain import TINY
from caseback.world.pretrain import pretrain

if __name__ == "__main__":
    pretrain(Path(sys.argv[1]), steps=100_000, resume=True, recipe=replace(TINY, processes=2, save_every=1))
"""


def test_processes_end_with_the_one_that_started_them(tmp_path: Path, tokenizer_folder: Path) -> None:
    out, script = tmp_path / "run", tmp_path / "orphaned.py"
    shutil.copytree(tokenizer_folder / "tokenizer", out / "tokenizer")
    script.write_text(ORPHANED)
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    # As in the background of a script, where interrupts are ignored: torch's own message to orphans is one.
    ignoring = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
    begun = subprocess.Popen([*ignoring, sys.executable, str(script), str(out)], env={**os.environ, "PYTHONPATH": path})
    until = time.monotonic() + 240
    children: list[psutil.Process] = []
    try:
        while checkpoint.newest(out, 2) is None:
            assert begun.poll() is None
            assert time.monotonic() < until, "no step was done"
            time.sleep(0.2)
        below = psutil.Process(begun.pid).children(recursive=True)
        children = [child for child in below if "spawn_main" in " ".join(child.cmdline())]
        assert len(children) == 2
    finally:
        begun.kill()
        begun.wait()
        gone, alive = psutil.wait_procs(children, timeout=60)
        for child in alive:
            child.kill()
    assert len(gone) == 2
