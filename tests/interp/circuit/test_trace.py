"""Edges are the analytic ones where MLPs are dictionaries; what goes into a node is its pre-activation, always."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.interp.circuit.frozen import freeze, run_frozen
from caseback.interp.circuit.graph import ERROR, LATENT, LOGIT, TOKEN
from caseback.interp.circuit.trace import trace
from caseback.subject.layers import find_decoder
from caseback.subject.site import Site
from circuits_for_tests import IDS, check_completeness, everything, planted, random_transcoders
from models_for_tests import tiny

NEAR = {"rtol": 1e-5, "atol": 1e-7}
"""The norms of transformers compute in float32, whatever the model's precision."""


def test_edges_within_one_token_are_the_weights_of_the_planted_model():
    """One block, one token: attention passes v on whole, so each edge is a product of matrices."""
    model, transcoders = planted(n_layers=1, tie_word_embeddings=False)
    graph = everything(model, transcoders, [40])
    t, layer = transcoders[0], model.model.layers[0]
    with torch.no_grad():
        x = model.model.embed_tokens.weight[40]
        normed = layer.input_layernorm(x[None, None])[0, 0]
        groups = model.config.num_attention_heads // model.config.num_key_value_heads
        size = model.config.hidden_size // model.config.num_attention_heads
        v = layer.self_attn.v_proj(normed).view(-1, size).repeat_interleave(groups, 0).flatten()
        middle = x + layer.self_attn.o_proj(v)
        ratio = layer.post_attention_layernorm(middle[None, None])[0, 0] / middle
        last = middle + layer.mlp(ratio * middle)
        final = model.model.norm(last[None, None])[0, 0] / last
        unembed = model.lm_head.weight - model.lm_head.weight.mean(0)
    latents = graph.of_kind(LATENT)
    assert len(latents) > 2
    for number in latents.tolist():
        f = int(graph.index_N[number])
        torch.testing.assert_close(dict(graph.into(number)), {0: float((t.W_enc[:, f] * ratio) @ middle)}, **NEAR)
    for number in graph.of_kind(LOGIT).tolist():
        reads = unembed[int(graph.index_N[number])] * final
        expected = {int(n): float(graph.value_N[n] * (t.W_dec[graph.index_N[n]] @ reads)) for n in latents}
        expected[0] = float(middle @ reads)
        got = dict(sorted(graph.into(number)))
        assert abs(got.pop(1, 0.0)) < 1e-9  # the error
        torch.testing.assert_close(got, dict(sorted(expected.items())), **NEAR)


def test_edges_across_tokens_are_what_dense_autograd_says():
    """Edge by edge: the derivative of the frozen model along what each source writes."""
    model, transcoders = planted(n_layers=3)
    graph = everything(model, transcoders)
    frozen = freeze(find_decoder(model), IDS)
    n = len(IDS)
    for number in (*graph.of_kind(LATENT)[graph.traced_N[graph.of_kind(LATENT)]][-4:].tolist(), len(graph) - 1):
        target = graph.node(number)

        def read(embedded, *written, target=target):
            flow = run_frozen(frozen, embedded[None], [w[None] for w in written])
            if target.kind == "latent":
                return flow.mlp_in[target.layer][0, target.position] @ transcoders[target.layer].W_enc[:, target.index]
            head = model.lm_head.weight
            return flow.final_BTD[0, -1] @ (head[target.index] - head.mean(0))

        slopes = torch.autograd.functional.jacobian(read, (frozen.embedded_TD, *frozen.mlp_out))
        got = dict(graph.into(number))
        for source in range(len(graph)):
            node = graph.node(source)
            if node.kind == "token":
                wrote = frozen.embedded_TD[node.position]
            elif node.kind == "latent":
                wrote = node.value * transcoders[node.layer].W_dec[node.index]
            else:
                continue
            slope = slopes[0 if node.kind == "token" else 1 + node.layer][node.position]
            assert got.get(source, 0.0) == pytest.approx(float(slope @ wrote), rel=1e-5, abs=1e-7)
    assert float(graph.value_N[graph.of_kind(ERROR)].max()) < 1e-12
    assert graph.position_N[graph.of_kind(TOKEN)].tolist() == list(range(n))


def test_exact_transcoders_leave_no_error_and_everything_adds_up():
    model, transcoders = planted(n_layers=3)
    graph = everything(model, transcoders)
    check_completeness(graph, 1e-6)
    assert float(graph.absolute_N4[:, ERROR].max()) < 1e-9
    values = graph.value_N[graph.of_kind(LATENT)]
    torch.testing.assert_close(values, graph.pre_N[graph.of_kind(LATENT)])


@settings(max_examples=8)
@given(st.integers(0, 99), st.sampled_from([None, 1, 5]), st.booleans(), st.integers(1, 12))
def test_with_random_transcoders_errors_carry_the_rest(seed: int, k: int | None, skip: bool, length: int):
    model, _ = tiny("llama", torch.float64, seed % 3, attention_bias=True)
    transcoders = random_transcoders(model, k=k, skip=skip, seed=seed)
    ids = torch.randint(0, 300, (length,), generator=torch.Generator().manual_seed(seed)).tolist()
    graph = everything(model, transcoders, ids)
    check_completeness(graph, 1e-6)
    assert float(graph.absolute_N4[:, ERROR].max()) > 0


@pytest.mark.parametrize("arch", ["qwen3", "gemma3", "olmo2", "gpt2", "phi3", "mixtral", "qwen2", "mistral", "gpt_neo"])
def test_other_architectures_add_up(arch: str):
    model, _ = tiny(arch, torch.float32)
    graph = everything(model, random_transcoders(model, skip=True))
    check_completeness(graph, 2e-5)


def test_single_precision_adds_up_and_layers_without_transcoder_are_error():
    model, _ = tiny("qwen3", torch.float32)
    transcoders = random_transcoders(model)
    del transcoders[2]
    graph = everything(model, transcoders)
    check_completeness(graph, 2e-5)
    assert not (graph.layer_N[graph.of_kind(LATENT)] == 2).any()


def test_latents_are_traced_by_influence_and_nothing_is_lost_silently():
    model, _ = tiny("llama", torch.float64)
    transcoders = random_transcoders(model, k=8)
    whole = everything(model, transcoders)
    part = trace(model, IDS, transcoders, max_latents=6, rest=0.0, edges_per_node=5)
    latents = part.of_kind(LATENT)
    assert int(part.traced_N[latents].sum()) == 6
    at = part.traced_N
    torch.testing.assert_close(part.total_N[at], whole.total_N[at])
    torch.testing.assert_close(part.absolute_N4[at], whole.absolute_N4[at])
    for number in at.nonzero().squeeze(1).tolist():
        strongest = whole.into(number)[:5]
        assert [n for n, _ in part.into(number)] == [n for n, _ in strongest]
        kept = sum(abs(w) for _, w in strongest) / sum(abs(w) for _, w in whole.into(number))
        assert float(part.dropped[number]) == pytest.approx(1 - kept, abs=1e-9)


def test_the_model_is_left_as_it_was():
    model, _ = tiny("llama", torch.float64)
    before = model(torch.tensor([IDS])).logits
    trace(model, IDS, random_transcoders(model))
    assert model(torch.tensor([IDS])).logits.equal(before)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert all(p.grad is None for p in model.parameters())


def test_what_is_replaced_is_not_computed_again():
    model, _ = tiny("llama", torch.float64, attention_bias=True)
    decoder = find_decoder(model)
    frozen = freeze(decoder, IDS)
    seen: list[int] = []
    attention, mlp = decoder.blocks[1].attention, decoder.blocks[1].mlp
    handle = mlp.gate_proj.register_forward_pre_hook(lambda _, args: seen.append(args[0].numel()))
    copies = frozen.embedded_TD.expand(3, -1, -1)
    final_BTD = run_frozen(frozen, copies, [wrote.expand(3, -1, -1) for wrote in frozen.mlp_out]).final_BTD
    handle.remove()
    assert seen == [0]
    torch.testing.assert_close(final_BTD, frozen.final_TD.expand(3, -1, -1), **NEAR)
    parts = attention.q_proj.weight, attention.k_proj.weight, attention.v_proj.weight
    by_query, by_key, by_value = torch.autograd.grad(final_BTD.sum(), parts, allow_unused=True)
    assert by_query is None
    assert by_key is None
    assert float(by_value.abs().max()) > 0


def test_targets_can_be_named():
    model, _ = tiny("llama", torch.float64)
    graph = trace(model, IDS, random_transcoders(model), targets=[5, 9, 5])
    assert graph.index_N[graph.of_kind(LOGIT)].tolist() == [5, 9]
    probabilities = model(torch.tensor([IDS])).logits[0, -1].softmax(0)
    torch.testing.assert_close(graph.value_N[graph.of_kind(LOGIT)], probabilities[[5, 9]].detach())


def test_what_does_not_belong_together_is_refused():
    model, _ = tiny("llama", torch.float64)
    good = random_transcoders(model)
    half, _ = tiny("llama", torch.bfloat16)
    with pytest.raises(CasebackError, match="float32"):
        trace(half, IDS, good)
    with pytest.raises(CasebackError, match="no tokens"):
        trace(model, [], good)
    with pytest.raises(CasebackError, match="not in the model's vocabulary"):
        trace(model, [10**6], good)
    with pytest.raises(CasebackError, match="block 9"):
        trace(model, IDS, {9: good[0]})
    with pytest.raises(CasebackError, match=r"mlp_in.1 and mlp_out.1"):
        trace(model, IDS, {1: good[0]})
    other, _ = tiny("llama", torch.float64, hidden_size=16)
    with pytest.raises(CasebackError, match="another model"):
        trace(other, IDS, good)
    with pytest.raises(CasebackError, match="targets"):
        trace(model, IDS, good, targets=[10**6])
    neox, _ = tiny("gpt_neox", torch.float64)
    with pytest.raises(CasebackError, match="cannot be frozen"):
        trace(neox, IDS, random_transcoders(neox))
    assert Site("mlp_in", 1) < Site("mlp_out", 1)
