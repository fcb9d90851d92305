"""Latents are held at just the values asked for, in the real model; the control is as large and of other latents."""

import random

import pytest
import torch

from caseback.errors import CasebackError
from caseback.interp.circuit.frozen import freeze, held_fixed
from caseback.interp.circuit.graph import LATENT
from caseback.interp.circuit.influence import total_effects
from caseback.interp.circuit.swap import Held, active_latents, hold, random_control, value_of
from caseback.interp.circuit.trace import trace
from caseback.subject.intervene import intervene
from caseback.subject.layers import find_decoder
from circuits_for_tests import planted

IDS = [1, 40, 77, 12, 300, 8]


@pytest.fixture(scope="module")
def world():
    model, transcoders = planted(n_layers=3)
    return model, transcoders, active_latents(model, IDS, transcoders)


def some_group(active, count: int = 3, value: float = 0.0) -> list[Held]:
    group = []
    for layer, codes in active.items():
        for position in (1, len(IDS) - 1):
            there = codes.indices_BK[position][codes.values_BK[position] > 0].tolist()
            group += [Held(layer, position, latent, value) for latent in there[:count]]
    return group


def test_active_latents_are_the_planted_neurons(world):
    model, _, active = world
    found = []
    hooks = [m.mlp.down_proj.register_forward_pre_hook(lambda _, a: found.append(a[0][0])) for m in model.model.layers]
    with torch.no_grad():
        model(torch.tensor([IDS]))
    for hook in hooks:
        hook.remove()
    for layer, codes in active.items():
        torch.testing.assert_close(codes.dense(), found[layer])
        assert value_of(active, layer, 2, 5) == pytest.approx(float(found[layer][2, 5]))


@pytest.mark.parametrize("value", [0.0, 1.5])
def test_a_held_latent_ends_at_its_value_whatever_those_before_it_did(world, value: float):
    """By hand: set the planted neurons themselves, block by block, and let the rest run."""
    model, transcoders, active = world
    group = some_group(active, value=value)
    hooks = []
    for held in group:

        def set_it(_, args, held=held):
            changed = args[0].clone()
            changed[0, held.position, held.latent] = held.value
            return (changed,)

        hooks.append(model.model.layers[held.layer].mlp.down_proj.register_forward_pre_hook(set_it))
    with torch.no_grad():
        expected = model(torch.tensor([IDS])).logits
    for hook in hooks:
        hook.remove()
    with intervene(model, hold(model, IDS, transcoders, group)), torch.no_grad():
        got = model(torch.tensor([IDS])).logits
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)
    assert not got.allclose(model(torch.tensor([IDS])).logits, atol=1e-2)


def test_latents_held_where_they_are_change_nothing(world):
    model, transcoders, active = world
    group = [Held(0, 1, latent, value_of(active, 0, 1, latent)) for latent in range(4)]
    assert hold(model, IDS, transcoders, group) == []


def test_the_control_is_of_equal_norm_and_of_other_active_latents(world):
    model, transcoders, active = world
    group = some_group(active)
    edits = hold(model, IDS, transcoders, group)
    control = random_control(random.Random(0), edits, group, active, transcoders)
    assert [(e.site, e.span) for e in control] == [(e.site, e.span) for e in edits]
    for mine, other in zip(edits, control, strict=True):
        assert float(mine.vector.norm()) == pytest.approx(float(other.vector.norm()), rel=1e-5)
        layer, position = other.site.layer, other.span.start
        own = {h.latent for h in group if (h.layer, h.position) == (layer, position)}
        codes = active[layer]
        free = [n for n in codes.indices_BK[position][codes.values_BK[position] > 0].tolist() if n not in own]
        rows = transcoders[layer].W_dec[free].float()
        weights = torch.linalg.lstsq(rows.T, other.vector[:, None]).solution[:, 0]
        if len(free) <= rows.shape[1]:
            assert int((weights.abs() > 1e-4).sum()) == min(len(own), len(free))
            assert (weights <= 1e-4).all()  # the group was silenced, so these are lowered
    again = random_control(random.Random(0), edits, group, active, transcoders)
    assert all(a.vector.equal(b.vector) for a, b in zip(control, again, strict=True))


def test_small_changes_move_the_output_as_the_graph_says():
    """Held latent by latent in the model itself, its own MLPs running on, attention and norms as they were."""
    model, transcoders = planted(n_layers=3, seed=3)
    graph = trace(model, IDS, transcoders, targets=[5, 9], rest=0.0, edges_per_node=10**6)
    effects = total_effects(graph, {5: 1.0, 9: -1.0})
    with held_fixed(freeze(find_decoder(model), IDS)), torch.no_grad():
        before = model(torch.tensor([IDS])).logits[0, -1]
        chosen = [n for n in graph.of_kind(LATENT).tolist() if graph.traced_N[n]][::5]
        for number in chosen:
            node = graph.node(number)
            held = Held(node.layer, node.position, node.index, node.value * 1.0001)
            with intervene(model, hold(model, IDS, transcoders, [held])):
                moved = model(torch.tensor([IDS])).logits[0, -1] - before
            told = float(effects[number]) * 0.0001
            assert float(moved[5] - moved[9]) == pytest.approx(told, rel=0.02, abs=1e-6)
    assert len(chosen) > 10


def test_what_cannot_be_held_is_refused(world):
    model, transcoders, _ = world
    for held, why in ((Held(9, 0, 0, 1.0), "no transcoder"), (Held(0, 0, 999, 1.0), "no such"), (Held(0, 99, 0, 1.0), "no such")):  # noqa: E501  # fmt: skip
        with pytest.raises(CasebackError, match=why):
            hold(model, IDS, transcoders, [held])
    with pytest.raises(CasebackError, match="twice"):
        hold(model, IDS, transcoders, [Held(0, 0, 1, 0.0), Held(0, 0, 1, 2.0)])
