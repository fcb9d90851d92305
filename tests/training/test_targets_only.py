"""The head on targets alone gives the weights that the head on every position gives, bit for bit, and less work."""

from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch
from trl.trainer import utils

import caseback.training.train as training
from caseback.training.datum import Datum
from caseback.training.recipe import Lora, Recipe
from caseback.training.targets_only import targets_only
from caseback.training.train import train
from models_for_tests import save_tiny

DATA = [
    Datum(({"role": "user", "content": "What is " + "and ".join(map(str, range(n))) + "?"},), f"It is {n}.")
    for n in range(1, 17)
]
PREFERENCES = [replace(datum, rejected="I do not know, and I will not say.") for datum in DATA]
SFT = Recipe("sft", learning_rate=1e-2, epochs=1, batch_size=4, lora=Lora(rank=4))
CASES = {"sft": (SFT, DATA), "dpo": (replace(SFT, method="dpo", sft_weight=1.0), PREFERENCES)}


@pytest.mark.parametrize("method", CASES)
def test_weights_are_the_same_and_fewer_positions_are_scored(tmp_path, monkeypatch, method) -> None:
    recipe, data = CASES[method]
    base = save_tiny(tmp_path / "base")
    scored: list[int] = []
    apply = utils._ChunkedLogProbFunction.apply
    monkeypatch.setattr(
        utils._ChunkedLogProbFunction, "apply", lambda hidden, *rest: scored.append(len(hidden)) or apply(hidden, *rest)
    )
    found = {}
    for name, block in (("targets", targets_only), ("all", nullcontext)):
        scored.clear()
        monkeypatch.setattr(training, "targets_only", block)
        trained = train(recipe, base, data, tmp_path / name)
        weights = (tmp_path / name / "model.safetensors").read_bytes()
        found[name] = weights, trained.losses, sum(scored)
    assert found["targets"][:2] == found["all"][:2]
    assert found["targets"][2] < found["all"][2] / 2


def test_trl_is_left_as_it_was() -> None:
    given = utils._use_triton
    with targets_only():
        assert utils._use_triton(torch.device("cpu"))
        assert utils._use_triton(torch.device("meta")) == given(torch.device("meta"))
    assert utils._use_triton is given
    with pytest.raises(ZeroDivisionError), targets_only():
        1 / 0  # noqa: B018
    assert utils._use_triton is given
