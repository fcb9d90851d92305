"""Cutting a weight change to rank r: against arithmetic on small models."""

import pytest
import torch

from caseback.errors import CasebackError
from caseback.training.depth.rank import energy, smallest, truncated, weight_changes
from models_for_tests import tiny

TARGETS = ("model.layers.0.self_attn.q_proj.weight", "model.layers.2.mlp.down_proj.weight")


@pytest.fixture
def pair():
    """A model and its copy with a change of rank 1 in one matrix, of rank 3 in another, and in a norm."""
    base, trained = tiny("llama")[0], tiny("llama")[0]
    weights = dict(trained.named_parameters())
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, rank in zip(TARGETS, (1, 3), strict=True):
            left, right = (torch.randn(size, rank, generator=generator) for size in weights[name].shape)
            weights[name] += left @ right.T
        weights["model.norm.weight"] += 0.5
    return trained, base


def test_only_matrices_that_changed_are_cut(pair):
    assert set(weight_changes(*pair)) == set(TARGETS)


def test_a_cut_at_the_rank_of_the_change_is_the_trained_model_and_a_smaller_one_is_the_nearest(pair):
    trained, base = pair
    changes = weight_changes(trained, base)
    ids = torch.arange(1, 9)[None]
    own = trained(ids).logits
    with truncated(trained, base, changes, 3):
        assert torch.allclose(trained(ids).logits, own, atol=1e-3)
    with truncated(trained, base, changes, 1):
        weights, before = dict(trained.named_parameters()), dict(base.named_parameters())
        assert torch.linalg.matrix_rank(weights[TARGETS[1]] - before[TARGETS[1]], rtol=1e-3) == 1
        assert torch.equal(weights["model.norm.weight"], before["model.norm.weight"] + 0.5)
    assert torch.equal(trained(ids).logits, own)
    lost = sum(float(change.values[1:].double().square().sum()) for change in changes.values())
    whole = sum(float(change.values.double().square().sum()) for change in changes.values())
    assert energy(changes, 1) == pytest.approx(1 - lost / whole)
    assert energy(changes, 3) == pytest.approx(1.0)


def test_the_weights_come_back_bit_for_bit_after_an_error(pair):
    trained, base = pair
    before = {name: weight.clone() for name, weight in trained.named_parameters()}
    with pytest.raises(RuntimeError), truncated(trained, base, weight_changes(trained, base), 1):
        raise RuntimeError
    assert all(torch.equal(weight, before[name]) for name, weight in trained.named_parameters())


@pytest.mark.parametrize("arch", ["gpt2", "mixtral", "gemma3"])
def test_other_architectures_experts_among_them(arch):
    trained, base = tiny(arch, seed=1)[0], tiny(arch, seed=0)[0]
    ids = torch.arange(1, 9)[None]
    own = trained(ids).logits
    with truncated(trained, base, weight_changes(trained, base), 64):
        assert torch.allclose(trained(ids).logits, own, atol=1e-2)


def test_models_of_other_shapes_are_refused():
    with pytest.raises(CasebackError, match="the one it was trained from"):
        weight_changes(tiny("llama")[0], tiny("llama", num_hidden_layers=2)[0])


def test_the_smallest_rank_is_that_from_which_on_all_keep_the_change():
    yes, no = [True] * 10, [False] * 10
    nearly = [True] + [False] * 9
    half = [True, False] * 5
    assert smallest([0, 1, 2, 4], [yes, half, nearly, no]) == 2
    assert smallest([0, 1, 2, 4], [yes, no, half, no]) == 4
    assert smallest([0, 1, 2, 4], [yes, no, [None] * 10, no]) == 4
