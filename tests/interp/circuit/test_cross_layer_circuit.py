"""Graphs through a cross-layer transcoder: edges are sums over the layers that a latent writes, and all adds up."""

import random
from pathlib import Path

import pytest
import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.circuit.frozen import freeze, run_frozen
from caseback.interp.circuit.graph import ERROR, LATENT
from caseback.interp.circuit.promoted import promoted
from caseback.interp.circuit.replacement import replace_mlps
from caseback.interp.circuit.swap import Held, active_latents, hold, random_control, value_of
from caseback.interp.circuit.trace import trace
from caseback.interp.circuit.transcoders import load_transcoders, save_transcoders
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.dictionary.together import biases_together, parts_of
from caseback.subject.intervene import intervene
from caseback.subject.layers import find_decoder
from caseback.subject.load import load
from caseback.subject.site import Site
from circuits_for_tests import (
    IDS,
    check_completeness,
    everything,
    planted,
    random_cross_layer,
    random_transcoders,
)
from models_for_tests import tiny


def widened(transcoders: dict[int, Dictionary], later: float = 0.0) -> dict[int, Dictionary]:
    """Per-layer transcoders as a cross-layer one that writes nothing into later layers."""
    from dataclasses import replace

    n = len(transcoders)
    return {
        layer: replace(
            d,
            writes=tuple(Site("mlp_out", to) for to in range(layer, n)),
            W_dec=torch.cat([d.W_dec, *[d.W_dec * later] * (n - layer - 1)], 1),
            b_dec=torch.cat([d.b_dec, *[d.b_dec * later] * (n - layer - 1)]),
        )
        for layer, d in transcoders.items()
    }


def test_one_that_writes_nothing_later_has_the_graph_of_per_layer_transcoders():
    model, transcoders = planted(n_layers=3)
    one, other = everything(model, transcoders), everything(model, widened(transcoders))
    assert float(other.value_N[other.of_kind(ERROR)].max()) < 1e-12
    for name in ("kind_N", "index_N", "traced_N"):
        assert getattr(one, name).equal(getattr(other, name))
    for name in ("pre_N", "total_N", "constant_N", "absolute_N4"):
        torch.testing.assert_close(getattr(one, name), getattr(other, name), equal_nan=True)
    assert len(one.weight_E) == len(other.weight_E)


@pytest.mark.parametrize("arch", ["llama", "qwen3", "gemma3", "olmo2", "gpt2", "phi3"])
@pytest.mark.parametrize("k", [None, 5])
def test_everything_adds_up_and_errors_carry_the_rest(arch: str, k: int | None):
    model, _ = tiny(arch, torch.float64)
    graph = everything(model, random_cross_layer(model, k=k))
    check_completeness(graph, 1e-6)
    assert float(graph.absolute_N4[:, ERROR].max()) > 0


def test_edges_are_what_dense_autograd_says():
    """The replacement model as a function of all codes, errors and embeddings: its dense derivative times each."""
    model, _ = tiny("llama", torch.float64)
    transcoders = random_cross_layer(model, width=16, k=4)
    graph = everything(model, transcoders)
    frozen = freeze(find_decoder(model), IDS)
    layers, n = replace_mlps(model, IDS, transcoders).layers, len(transcoders)
    codes_LTF = torch.stack([layer.codes.dense() for layer in layers])
    errors_LTD = torch.stack([layer.error_TD for layer in layers])
    biases = biases_together(transcoders.values())

    def run(embedded_TD: Tensor, codes_LTF: Tensor, errors_LTD: Tensor):
        written = []
        for to in range(n):
            whole = errors_LTD[to] + biases[Site("mlp_out", to)]
            for layer in range(to + 1):
                d = transcoders[layer]
                whole = whole + codes_LTF[layer] @ parts_of(d, d.W_dec)[Site("mlp_out", to)]
            written.append(whole[None])
        return run_frozen(frozen, embedded_TD[None], written)

    latents = graph.of_kind(LATENT)[graph.traced_N[graph.of_kind(LATENT)]]
    several = 0
    for number in (*latents[torch.linspace(0, len(latents) - 1, 6).long()].tolist(), len(graph) - 1):
        target = graph.node(number)

        def read(*given: Tensor, target=target) -> Tensor:
            flow = run(*given)
            if target.kind == "latent":
                return flow.mlp_in[target.layer][0, target.position] @ transcoders[target.layer].W_enc[:, target.index]
            head = model.lm_head.weight
            return flow.final_BTD[0, -1] @ (head[target.index] - head.mean(0))

        given = frozen.embedded_TD, codes_LTF, errors_LTD
        slopes = torch.autograd.functional.jacobian(read, given)
        of_token, of_latent, of_error = (slope * value for slope, value in zip(slopes, given, strict=True))
        got = dict(graph.into(number))
        for source in range(len(graph)):
            node = graph.node(source)
            if node.kind == "token":
                truth = of_token[node.position].sum()
            elif node.kind == "error":
                truth = of_error[node.layer, node.position].sum()
            elif node.kind == "latent":
                truth = of_latent[node.layer, node.position, node.index]
            else:
                truth = torch.zeros(())
            assert got.get(source, 0.0) == pytest.approx(float(truth), rel=1e-5, abs=1e-8)
            several += node.kind == "latent" and target.layer - node.layer > 1 and abs(float(truth)) > 1e-6
    assert several > 10  # edges that go through more than one layer written


def test_a_held_latent_writes_all_its_layers():
    """By hand: hooks that watch the latents as the model runs and add the change to each later MLP's output."""
    model, _ = tiny("llama", torch.float64)
    transcoders = random_cross_layer(model, k=None)
    active = active_latents(model, IDS, transcoders)
    group = []
    for layer in (0, 1, 3):
        for position in (1, len(IDS) - 1):
            codes = active[layer]
            there = codes.indices_BK[position][codes.values_BK[position] > 0].tolist()[:2]
            group += [Held(layer, position, latent, 0.7) for latent in there]
    assert len({held.layer for held in group}) == 3
    pending: dict[tuple[Site, int], Tensor] = {}
    seen: dict[int, Tensor] = {}

    def mlp(number: int):
        def hook(_, args, output):
            x, d = args[0][0], transcoders[number]
            for held in group:
                if held.layer == number:
                    pre = float(x[held.position] @ d.W_enc[:, held.latent] + d.b_enc[held.latent])
                    own = pre if pre > max(0.0, float(d.threshold[held.latent])) else 0.0
                    for site, row in parts_of(d, d.W_dec[held.latent] * (held.value - own)).items():
                        key = site, held.position
                        pending[key] = pending.get(key, torch.zeros_like(row)) + row
            changed = output.clone()
            for (site, position), row in pending.items():
                if site.layer == number:
                    changed[0, position] += row
            seen[number] = changed
            return changed

        return hook

    hooks = [block.mlp.register_forward_hook(mlp(n)) for n, block in enumerate(model.model.layers)]
    with torch.no_grad():
        expected = model(torch.tensor([IDS])).logits
    for hook in hooks:
        hook.remove()
    edits = hold(model, IDS, transcoders, group)
    assert {edit.site.layer for edit in edits} == {0, 1, 2, 3}  # none held in block 2, but written to
    with torch.no_grad():
        plain = model(torch.tensor([IDS])).logits
        with intervene(model, edits):
            got = model(torch.tensor([IDS])).logits
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)
    assert not got.allclose(plain, atol=1e-2)


def test_the_control_is_of_equal_norm_at_every_layer_written():
    model, _ = tiny("llama", torch.float64)
    transcoders = random_cross_layer(model, k=8)
    active = active_latents(model, IDS, transcoders)
    codes = active[1]
    latents = codes.indices_BK[2][codes.values_BK[2] > 0].tolist()[:2]
    group = [Held(1, 2, latent, 0.0) for latent in latents]
    edits = hold(model, IDS, transcoders, group)
    control = random_control(random.Random(0), edits, group, active, transcoders)
    assert [(e.site, e.span) for e in control] == [(e.site, e.span) for e in edits]
    assert [e.site.layer for e in control] == [1, 2, 3]
    for mine, other in zip(edits, control, strict=True):
        assert float(mine.vector.norm()) == pytest.approx(float(other.vector.norm()), rel=1e-5)
        assert not mine.vector.allclose(other.vector)
    same = [Held(1, 2, latent, value_of(active, 1, 2, latent)) for latent in latents]
    assert hold(model, IDS, transcoders, same) == []


def test_what_a_latent_raises_is_told_by_the_sum_of_what_it_writes():
    model, _ = tiny("llama", torch.float64)
    transcoders = random_cross_layer(model)
    row = torch.stack(list(parts_of(transcoders[1], transcoders[1].W_dec[3]).values())).sum(0)
    best = int((model.lm_head.weight @ (row * model.model.norm.weight)).argmax())
    assert promoted(model, transcoders, [(1, 3)], str, count=1) == {(1, 3): f"raises {best}"}


def test_what_does_not_belong_together_is_refused(tmp_path: Path):
    model, tokenizer = tiny("llama", torch.float32)
    good = random_cross_layer(model)
    with pytest.raises(CasebackError, match=r"cross-layer transcoder of 3 blocks, but the model has 4"):
        trace(model, IDS, {n: d for n, d in good.items() if n != 2})
    shallow, _ = tiny("llama", torch.float32, num_hidden_layers=2)
    with pytest.raises(CasebackError, match="cross-layer transcoder of 4 blocks, but the model has 2"):
        trace(shallow, IDS, good)
    with pytest.raises(
        CasebackError, match=r"block 0: .* a transcoder of this block has mlp_in.0 and mlp_out.0,mlp_out.1"
    ):
        trace(model, IDS, {**good, 0: random_transcoders(model)[0]})
    thin, _ = tiny("llama", torch.float32, hidden_size=16)
    with pytest.raises(CasebackError, match="trained on another model"):
        trace(thin, IDS, good)
    model.save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    save_transcoders({n: d for n, d in good.items() if n}, tmp_path / "t")
    with pytest.raises(CasebackError, match="cross-layer transcoder of 3 blocks"):
        load_transcoders(tmp_path / "t", load(str(tmp_path / "model"), dtype="float32"))
