"""Captured activations are those of plain transformers, to the bit where the same kernels run."""

import itertools
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.subject.capture import capture, plan_batches
from caseback.subject.layers import find_decoder
from caseback.subject.site import Site
from models_by_hand import ARCHS, N_LAYERS, D, hand_captured, hooks_on, kinds_of, some_ids, tiny

DTYPES = (torch.float32, torch.bfloat16)
LAST = N_LAYERS - 1


def every_site(arch: str) -> list[Site]:
    return [Site(kind, layer) for layer in range(N_LAYERS) for kind in kinds_of(arch)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("arch", ARCHS)
def test_equals_output_hidden_states(arch: str, dtype: torch.dtype) -> None:
    model, _ = tiny(arch, dtype)
    ids = some_ids(3, 20)
    sites = [Site(kind, layer) for kind in ("resid_pre", "resid_post") for layer in range(N_LAYERS)]
    got = list(capture(model, ids.tolist(), sites))
    with torch.no_grad():
        hidden = model(ids, output_hidden_states=True).hidden_states
    norm = find_decoder(model).norm
    assert norm is not None
    for row, captured in enumerate(got):
        for layer in range(N_LAYERS):
            assert captured.at[Site("resid_pre", layer)].equal(hidden[layer][row])
        for layer in range(LAST):
            assert captured.at[Site("resid_post", layer)].equal(hidden[layer + 1][row])
    # What transformers calls the last hidden state is behind the final norm; ours is before it.
    last = torch.stack([captured.at[Site("resid_post", LAST)] for captured in got])
    assert not last.equal(hidden[-1])
    assert norm(last).equal(hidden[-1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("arch", ARCHS)
def test_equals_hooks_written_by_hand(arch: str, dtype: torch.dtype) -> None:
    model, _ = tiny(arch, dtype)
    ids = some_ids(3, 20)
    truth = hand_captured(model, arch, ids)
    sites = every_site(arch)
    assert len(truth) == len(sites)
    for row, captured in enumerate(capture(model, ids.tolist(), sites)):
        for site in sites:
            got = captured.at[site]
            assert got.dtype == dtype
            assert got.shape == ((20, 4, 8) if site.kind == "heads" else (20, truth[site.kind, site.layer].shape[-1]))
            assert got.flatten(1).equal(truth[site.kind, site.layer][row]), site


@pytest.mark.parametrize("arch", ARCHS)
def test_the_stream_is_the_sum_of_what_is_added_to_it(arch: str) -> None:
    model, _ = tiny(arch)
    (captured,) = capture(model, some_ids(1, 20).tolist(), every_site(arch))
    for layer in range(N_LAYERS):
        parts = [captured.at[Site(kind, layer)] for kind in ("resid_pre", "attn_out", "mlp_out")]
        torch.testing.assert_close(sum(parts), captured.at[Site("resid_post", layer)], rtol=1e-5, atol=1e-4)


EXTRA: dict[str, dict[str, Any]] = {
    "opt": {"ffn_dim": 64, "word_embed_proj_dim": 32},
    "bloom": {},
    "falcon": {"new_decoder_architecture": True, "num_kv_heads": 2},
    "gptj": {"n_embd": 32, "n_layer": 4, "n_head": 4, "rotary_dim": 4},
    "phi": {},
    "starcoder2": {"num_key_value_heads": 2},
    "stablelm": {"num_key_value_heads": 2},
    "cohere": {"num_key_value_heads": 2},
    "glm4": {"num_key_value_heads": 2, "head_dim": 8},
    "gemma2": {"num_key_value_heads": 2, "head_dim": 8},
    "qwen3_moe": {"num_key_value_heads": 2, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16},
    "gpt_oss": {"num_key_value_heads": 2, "head_dim": 8, "num_local_experts": 4},
}


@pytest.mark.parametrize("arch", EXTRA)
def test_further_architectures(arch: str) -> None:
    """Families outside the eleven: the identity of the stream, and heads that lead to the attention's output."""
    from transformers import AutoConfig, AutoModelForCausalLM

    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4}
    config = AutoConfig.for_model(arch, vocab_size=320, pad_token_id=0, **{**shape, **EXTRA[arch]})
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).eval()
    decoder = find_decoder(model)
    kinds = ["resid_pre", "heads", "attn_out", "mlp_out", "resid_post"]
    sites = [Site(kind, layer) for kind in kinds for layer in range(4)]
    ids = some_ids(1, 9)
    (captured,) = capture(model, ids.tolist(), sites)
    with torch.no_grad():
        hidden = model(ids, output_hidden_states=True).hidden_states
    for layer in range(4):
        at = {kind: captured.at[Site(kind, layer)] for kind in kinds}
        assert at["resid_pre"].equal(hidden[layer][0])
        summed = at["resid_pre"] + at["attn_out"] + at["mlp_out"]
        torch.testing.assert_close(summed, at["resid_post"], rtol=1e-5, atol=1e-5)
        projection = decoder.blocks[layer].attention_projection
        assert projection is not None
        if decoder.blocks[layer].attention_out is projection:
            with torch.no_grad():
                torch.testing.assert_close(projection(at["heads"].flatten(1)), at["attn_out"])


@pytest.mark.parametrize("arch", ARCHS)
def test_stopping_early_changes_nothing_and_skips_the_rest(arch: str) -> None:
    model, _ = tiny(arch)
    ids = some_ids(2, 11).tolist()
    whole = list(capture(model, ids, every_site(arch)))
    decoder = find_decoder(model)
    ran: list[str] = []
    watched = {"block 2": decoder.blocks[2].layer, "norm": decoder.norm, "head": decoder.head}
    for name, module in watched.items():
        assert module is not None
        module.register_forward_hook(lambda *_, name=name: ran.append(name))
    for site in every_site(arch):
        if site.layer < 2:
            for early, full in zip(capture(model, ids, [site]), whole, strict=True):
                assert early.at[site].equal(full.at[site])
    assert ran == []
    list(capture(model, ids, [Site("resid_post", LAST)]))
    assert ran == ["block 2"]


@pytest.mark.parametrize("arch", ARCHS)
def test_inputs_of_mixed_length_are_as_alone_and_in_order(arch: str) -> None:
    model, _ = tiny(arch)
    inputs = [some_ids(1, n, seed=n)[0].tolist() for n in (9, 40, 3, 1, 25, 40, 8, 10, 2)]
    sites = every_site(arch)
    got = list(capture(model, inputs, sites, batch_tokens=64))
    assert [captured.index for captured in got] == list(range(len(inputs)))
    for ids, captured in zip(inputs, got, strict=True):
        assert list(captured.positions) == list(range(len(ids)))
        (alone,) = capture(model, [ids], sites)
        for site in sites:
            assert captured.at[site].shape[0] == len(ids)
            torch.testing.assert_close(captured.at[site], alone.at[site], rtol=1e-4, atol=2e-4)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=12), st.integers(1, 80), st.sampled_from(["all", "last"]))
def test_any_lengths_and_batch_sizes(lengths: list[int], batch_tokens: int, positions: Any) -> None:
    model = LLAMA
    site = Site("resid_post", 1)
    inputs = [some_ids(1, n, seed=i)[0].tolist() for i, n in enumerate(lengths)]
    got = list(capture(model, inputs, [site], batch_tokens=batch_tokens, positions=positions))
    assert [captured.index for captured in got] == list(range(len(lengths)))
    for ids, captured in zip(inputs, got, strict=True):
        with torch.no_grad():
            truth = model(torch.tensor([ids]), output_hidden_states=True).hidden_states[2][0]
        truth = truth if positions == "all" else truth[-1:]
        torch.testing.assert_close(captured.at[site], truth, rtol=1e-4, atol=2e-4)
    assert hooks_on(model) == HOOKS_OF_TRANSFORMERS


LLAMA, _ = tiny("llama")
with torch.no_grad():
    LLAMA(some_ids(1, 2), output_hidden_states=True)
# Transformers leaves hooks of its own behind the first time that hidden states are asked for.
HOOKS_OF_TRANSFORMERS = hooks_on(LLAMA)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 40), max_size=40), st.integers(1, 200), st.integers(0, 50))
def test_batches_hold_every_input_once_and_keep_to_the_budget(lengths, batch_tokens, call_cost) -> None:
    batches = plan_batches(lengths, batch_tokens, call_cost)
    assert sorted(itertools.chain(*batches)) == list(range(len(lengths)))
    for batch in batches:
        padded = len(batch) * max(lengths[i] for i in batch)
        assert padded <= batch_tokens or len(batch) == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=6), st.integers(1, 60), st.integers(0, 20))
def test_batches_cost_the_least(lengths, batch_tokens, call_cost) -> None:
    def cost(cuts: list[list[int]]) -> float:
        padded = [len(batch) * max(batch) for batch in cuts]
        over = any(len(b) > 1 and p > batch_tokens for b, p in zip(cuts, padded, strict=True))
        return float("inf") if over else sum(padded) + call_cost * len(cuts)

    ordered = sorted(lengths)
    inner = range(1, len(ordered))
    all_cuts = itertools.chain(*(itertools.combinations(inner, n) for n in range(len(ordered))))
    best = min(
        cost([ordered[a:b] for a, b in itertools.pairwise([0, *cut, len(ordered)])]) for cut in all_cuts
    )  # fmt: skip
    planned = plan_batches(lengths, batch_tokens, call_cost)
    assert cost([[lengths[i] for i in batch] for batch in planned]) == best


def test_positions() -> None:
    site = Site("resid_pre", 2)
    inputs = [some_ids(1, n, seed=n)[0].tolist() for n in (5, 9, 4)]
    whole = [captured.at[site] for captured in capture(LLAMA, inputs, [site])]
    spans = [range(1, 3), [8, -9, 2], range(0)]
    got = list(capture(LLAMA, inputs, [site], positions=spans))
    assert [list(captured.positions) for captured in got] == [[1, 2], [8, 0, 2], []]
    for captured, full in zip(got, whole, strict=True):
        assert captured.at[site].equal(full[list(captured.positions)])
    for captured, full in zip(capture(LLAMA, inputs, [site], positions="last"), whole, strict=True):
        assert captured.at[site].equal(full[-1:])


def test_results_hold_no_more_memory_than_they_show() -> None:
    sites = [Site("resid_post", 0), Site("heads", 1)]
    inputs = [some_ids(1, n)[0].tolist() for n in (3, 4, 4, 40)]
    for positions in ("all", "last"):
        for captured in capture(LLAMA, inputs, sites, positions=positions):
            for tensor in captured.at.values():
                assert tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size()


def test_streams_and_leaves_nothing_behind() -> None:
    passes = 0

    def count(*_: object) -> None:
        nonlocal passes
        passes += 1

    handle = LLAMA.model.register_forward_pre_hook(count)
    inputs = some_ids(100, 400).tolist()
    results = capture(LLAMA, inputs, [Site("resid_post", 0)], batch_tokens=400)
    assert passes == 0
    next(results)
    # One window: the first inputs that come to 16,384 tokens.
    assert passes == 41
    assert torch.is_grad_enabled()
    assert hooks_on(LLAMA) == HOOKS_OF_TRANSFORMERS + 1
    assert len(list(results)) == 99
    assert passes == 100
    handle.remove()


def test_dtype_and_gradients() -> None:
    site = Site("mlp_out", 1)
    ids = some_ids(1, 6).tolist()
    (exact,) = capture(LLAMA, ids, [site])
    (halved,) = capture(LLAMA, ids, [site], dtype=torch.bfloat16)
    assert halved.at[site].equal(exact.at[site].bfloat16())
    assert not exact.at[site].requires_grad
    # An inference tensor would fail here.
    probe = torch.zeros(D, requires_grad=True)
    (exact.at[site] @ probe).sum().backward()
    assert probe.grad is not None


def test_the_same_site_twice_is_one() -> None:
    (captured,) = capture(LLAMA, [[7, 8]], [Site("resid_pre", 0)] * 2)
    assert list(captured.at) == [Site("resid_pre", 0)]


def test_no_inputs_give_no_results() -> None:
    assert list(capture(LLAMA, [], [Site("resid_pre", 0)])) == []


@pytest.mark.parametrize(
    ("inputs", "sites", "settings_", "message"),
    [
        ([[7], []], [Site("resid_pre", 0)], {}, "input 1 has no tokens"),
        ([[7]], [], {}, "no sites"),
        ([[7]], [Site("resid_pre", 4)], {}, "4 blocks"),
        ([[7], [9, 10**6]], [Site("resid_pre", 0)], {}, "input 1 has token id 1000000"),
        ([[7, -3]], [Site("resid_pre", 0)], {}, "token id -3"),
        ([[7]], [Site("resid_pre", 0)], {"batch_tokens": 0}, "at least one token"),
        ([[7]], [Site("resid_pre", 0)], {"positions": []}, "one sequence of positions for each"),
        ([[7]], [Site("resid_pre", 0)], {"positions": "first"}, "one sequence of positions for each"),
        ([[7]], [Site("resid_pre", 0)], {"positions": [[1]]}, "no position 1"),
    ],
)
def test_what_cannot_be_done_is_refused(inputs: Any, sites: Any, settings_: Any, message: str) -> None:
    with pytest.raises(CasebackError, match=message):
        capture(LLAMA, inputs, sites, **settings_)


def test_an_input_beyond_the_table_of_positions_is_refused() -> None:
    model, _ = tiny("gpt2", n_positions=8)
    with pytest.raises(CasebackError, match="input 0 has 9 tokens: the model has positions for 8"):
        capture(model, [[7] * 9], [Site("resid_pre", 0)])


def test_training_mode_is_refused() -> None:
    model, _ = tiny("llama")
    with pytest.raises(CasebackError, match=r"model\.eval"):
        capture(model.train(), [[7]], [Site("resid_pre", 0)])


def test_a_module_that_a_fused_kernel_passes_by_is_noticed() -> None:
    model, _ = tiny("llama")
    mlp = model.model.layers[1].mlp
    mlp.forward = lambda x: torch.nn.functional.linear(
        mlp.act_fn(mlp.gate_proj(x)) * mlp.up_proj(x), mlp.down_proj.weight
    )
    with pytest.raises(CasebackError, match=r"never computed neurons\.1"):
        list(capture(model, [[7, 8]], [Site("neurons", 1)]))
    assert hooks_on(model) == 0


def test_a_shared_block_is_refused() -> None:
    model, _ = tiny("llama")
    model.model.layers[2] = model.model.layers[1]
    with pytest.raises(CasebackError, match="computed twice"):
        list(capture(model, [[7, 8]], [Site("resid_post", 1), Site("resid_post", 3)]))
    assert hooks_on(model) == 0


def test_an_error_in_the_model_leaves_nothing_behind() -> None:
    model, _ = tiny("llama")

    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    handle = model.model.layers[1].register_forward_hook(fail)
    with pytest.raises(RuntimeError, match="out of memory"):
        list(capture(model, [[7, 8]], [Site("resid_post", 2)]))
    handle.remove()
    assert hooks_on(model) == 0
