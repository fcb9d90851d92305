"""Interventions equal forward passes edited by hand, and are gone to the bit afterwards."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from caseback.errors import CasebackError
from caseback.subject.capture import capture
from caseback.subject.edits import Ablate, Add, Clamp, EditWeight, Patch, Silence
from caseback.subject.intervene import intervene
from caseback.subject.site import Site
from caseback.subject.span import GENERATED, Span
from models_by_hand import ARCHS, N_LAYERS, D, hand_hooked, hooks_on, kinds_of, logits, some_ids, tiny

DTYPES = (torch.float32, torch.bfloat16)
HEADS, D_HEAD = 4, 8


def vector(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def width_of(model: nn.Module, arch: str, kind: str) -> int:
    (captured,) = capture(model, [[7]], [Site(kind, 1)])  # type: ignore[arg-type]
    return captured.at[Site(kind, 1)].flatten(1).shape[1]  # type: ignore[arg-type]


def by_hand(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The arithmetic in fp32, rounded once."""
    return lambda x: function(x.float()).to(x.dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("arch", ARCHS)
def test_every_edit_at_every_site_equals_the_pass_edited_by_hand(arch: str, dtype: torch.dtype) -> None:
    model, _ = tiny(arch, dtype)
    ids = some_ids(3, 10)
    plain = logits(model, ids)
    for kind in kinds_of(arch):
        site = Site(kind, 1)  # type: ignore[arg-type]
        width = width_of(model, arch, kind)
        v, m = vector(width), vector(width, seed=2)
        shape = (HEADS, D_HEAD) if kind == "heads" else (width,)
        u = v.reshape(shape) / v.reshape(shape).norm(dim=-1, keepdim=True)

        def along(x: Tensor, u: Tensor = u, shape: Any = shape) -> Tensor:
            return (x.unflatten(-1, shape) * u).sum(-1, keepdim=True)

        def back(x: Tensor, coefficient: Tensor, u: Tensor = u) -> Tensor:
            return (coefficient * u).reshape(x.shape)

        def to(x: Tensor, values: Tensor) -> Tensor:
            return values.expand_as(x)

        cases: list[tuple[Any, Callable[[Tensor], Tensor]]] = [
            (Add(site, v.reshape(shape), 0.7), lambda x, v=v: x + torch.tensor(0.7) * v),
            (Ablate(site), lambda x: x * 0),
            (Ablate(site, mean=m.reshape(shape)), lambda x, m=m: to(x, m)),
            (Ablate(site, v.reshape(shape)), lambda x: x + back(x, along(-x))),
            (Clamp(site, v.reshape(shape), value=0.5), lambda x: x + back(x, 0.5 - along(x))),
            (Clamp(site, v.reshape(shape), max=0.1), lambda x: x + back(x, along(x).clamp(max=0.1) - along(x))),
            (Patch(site, m.reshape(shape)), lambda x, m=m: to(x, m)),
        ]
        for intervention, function in cases:
            with hand_hooked(model, arch, [(kind, 1, by_hand(function))]):
                truth = logits(model, ids)
            with intervene(model, [intervention]) as receipt:
                got = logits(model, ids)
            assert got.equal(truth), intervention
            assert not truth.equal(plain)
            assert (receipt[0].passes, receipt[0].tokens) == (1, 30)
    assert logits(model, ids).equal(plain)
    assert hooks_on(model) == 0


@pytest.mark.parametrize("arch", ARCHS)
def test_heads_and_neurons(arch: str) -> None:
    model, _ = tiny(arch)
    ids = some_ids(2, 7)
    v = vector(D_HEAD)

    def second_and_last(x: Tensor) -> Tensor:
        z = x.clone()
        z[..., D_HEAD : 2 * D_HEAD] += 2.0 * v
        z[..., -D_HEAD:] += 2.0 * v
        return z

    with hand_hooked(model, arch, [("heads", 2, second_and_last)]):
        truth = logits(model, ids)
    with intervene(model, [Add(Site("heads", 2), v, 2.0, units=[1, 3])]):
        assert logits(model, ids).equal(truth)
    with intervene(model, [Add(Site("heads", 2), torch.stack([v, v]), 2.0, units=[3, 1])]):
        assert logits(model, ids).equal(truth)
    if arch == "mixtral":
        with pytest.raises(CasebackError, match="experts"), intervene(model, [Ablate(Site("neurons", 2), units=[0])]):
            pass
        return

    def without(x: Tensor) -> Tensor:
        z = x.clone()
        z[..., [5, 40]] = 0
        return z

    with hand_hooked(model, arch, [("neurons", 2, without)]):
        truth = logits(model, ids)
    with intervene(model, [Ablate(Site("neurons", 2), units=(40, 5))]) as receipt:
        assert logits(model, ids).equal(truth)
    assert receipt[0].changed == 14


@pytest.mark.parametrize("arch", ARCHS)
def test_spans_mean_the_same_tokens_with_any_padding(arch: str) -> None:
    model, _ = tiny(arch)
    rows = [some_ids(1, n, seed=n)[0] for n in (9, 4, 6)]
    edits = [
        Add(Site("resid_post", 0), vector(D), 3.0, Span(1, 4)),
        Add(Site("attn_out", 2), vector(D, seed=3), 3.0, Span(-2, part="prompt")),
        Patch(Site("resid_pre", 3), vector(2, D, seed=4), Span(2, 4)),
    ]
    alone = []
    for row in rows:
        with intervene(model, edits):
            alone.append(logits(model, row[None])[0])
    for side in ("left", "right"):
        ids, mask = torch.zeros(3, 9, dtype=torch.long), torch.zeros(3, 9, dtype=torch.long)
        for number, row in enumerate(rows):
            place = slice(9 - len(row), None) if side == "left" else slice(len(row))
            ids[number, place] = row
            mask[number, place] = 1
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        with intervene(model, edits) as receipt:
            got = logits(model, ids, attention_mask=mask, position_ids=positions)
        for number, truth in enumerate(alone):
            torch.testing.assert_close(got[number][mask[number].bool()], truth, rtol=1e-3, atol=1e-3)
        assert [effect.tokens for effect in receipt] == [9, 6, 6]


def greedy_without_cache(model: nn.Module, prompt: Tensor, steps: int, edits: Callable[[int], list[Any]]) -> list[int]:
    """Greedy decoding by a full pass per token; ``edits`` gives the interventions for a prompt of so many tokens."""
    ids = prompt[None]
    for _ in range(steps):
        active = [edit for edit in edits(len(prompt)) if edit.span.start < ids.shape[1]]
        if active:
            with intervene(model, active):
                scores = logits(model, ids, use_cache=False)
        else:
            scores = logits(model, ids, use_cache=False)
        ids = torch.cat([ids, scores[:, -1:].argmax(-1)], 1)
    return ids[0, len(prompt) :].tolist()


@pytest.mark.parametrize("arch", ARCHS)
def test_cached_generation_with_left_padding_equals_full_passes(arch: str) -> None:
    model, _ = tiny(arch)
    model.generation_config.eos_token_id = None
    prompts = [some_ids(1, n, seed=n)[0] for n in (11, 5, 8)]
    ids, mask = torch.zeros(3, 11, dtype=torch.long), torch.zeros(3, 11, dtype=torch.long)
    for number, row in enumerate(prompts):
        ids[number, 11 - len(row) :] = row
        mask[number, 11 - len(row) :] = 1
    site, v = Site("resid_post", 1), vector(D, seed=5)

    def add(span: Span) -> Add:
        return Add(site, v, 4.0, span)

    cases: list[tuple[Span, Callable[[int], Span]]] = [
        (Span(3), lambda n: Span(3)),
        (Span(2, 14), lambda n: Span(2, 14)),
        (GENERATED, lambda n: Span(n)),
        (Span(-1), lambda n: Span(n - 1)),
        (Span(-3, part="prompt"), lambda n: Span(n - 3, n)),
    ]
    plain = [greedy_without_cache(model, prompt, 6, lambda n: []) for prompt in prompts]
    changed = 0
    for span, absolute in cases:
        truth = [greedy_without_cache(model, prompt, 6, lambda n, a=absolute: [add(a(n))]) for prompt in prompts]
        with intervene(model, [add(span)]):
            out = model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=6, do_sample=False)
        assert out[:, 11:].tolist() == truth, span
        changed += truth != plain
    assert changed >= 3


def test_batched_generation_of_caseback_is_steered_row_by_row() -> None:
    from caseback.subject.generate import complete, make_row
    from caseback.subject.subject import Sampling

    model, _ = tiny("qwen3")
    prompts = [some_ids(1, n, seed=n)[0].tolist() for n in (11, 5, 8, 3, 14, 6)]

    def run(several: list[list[int]], span: Span) -> list[list[int]]:
        sampling = Sampling(max_new_tokens=7)
        rows = [make_row(prompt, 3 + n % 5, sampling, 0) for n, prompt in enumerate(several)]
        with intervene(model, [Add(Site("resid_post", 1), vector(D, seed=5), 4.0, span)]):
            for _ in complete(model, rows, sampling, lambda tokens: False, max_rows=3, max_columns=4096):
                pass
        return [row.tokens for row in rows]

    def full_passes(absolute: Callable[[int], Span]) -> list[list[int]]:
        edits = lambda n: [Add(Site("resid_post", 1), vector(D, seed=5), 4.0, absolute(n))]  # noqa: E731
        return [greedy_without_cache(model, torch.tensor(p), 3 + i % 5, edits) for i, p in enumerate(prompts)]

    assert run(prompts, Span(2)) == full_passes(lambda n: Span(2))
    assert run(prompts, Span(-1)) == full_passes(lambda n: Span(n - 1))
    assert run(prompts, GENERATED) == full_passes(lambda n: Span(n))


@pytest.mark.parametrize("arch", ARCHS)
@pytest.mark.parametrize("span", [GENERATED, Span(-1), Span(1, 13), Span(part="prompt")])
def test_a_row_run_alone_is_steered_as_in_decoding(arch: str, span: Span) -> None:
    from caseback.subject.generate import Forward, prefill

    model, _ = tiny(arch)
    prompt, tokens = some_ids(1, 9, seed=1)[0].tolist(), some_ids(1, 6, seed=2)[0].tolist()
    forward = Forward(model)
    with intervene(model, [Add(Site("resid_post", 1), vector(D, seed=5), 4.0, span)]):
        cache, decoded = prefill(forward, [prompt])
        for n, token in enumerate(tokens, start=len(prompt)):
            mask = torch.ones(1, n + 1, dtype=torch.long)
            decoded = forward(torch.tensor([[token]]), mask, torch.tensor([[n]]), cache)
        alone = forward.alone(prompt, tokens)
    torch.testing.assert_close(alone, decoded, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(alone, forward.alone(prompt, tokens), atol=1e-3)


MODEL, _ = tiny("llama")
IDS = some_ids(2, 6)
PLAIN = logits(MODEL, IDS)
BITS = {name: weight.detach().clone() for name, weight in MODEL.named_parameters()}

SITES = st.builds(
    Site, st.sampled_from(["resid_pre", "attn_out", "mlp_out", "resid_post"]), st.integers(0, N_LAYERS - 1)
)
VECTORS = st.integers(0, 50).map(lambda seed: vector(D, seed=seed))
SPANS = st.sampled_from([Span(), Span(2), Span(0, 3), Span(-2), Span(-3, -1)])
EDITS = st.one_of(
    st.builds(Add, SITES, VECTORS, st.floats(-3, 3), SPANS),
    st.builds(Ablate, SITES, st.none() | VECTORS, st.none() | VECTORS, SPANS),
    st.builds(lambda s, v, low, p: Clamp(s, v, min=low, max=low + 1, span=p), SITES, VECTORS, st.floats(-2, 2), SPANS),
    st.builds(Patch, SITES, VECTORS, SPANS),
    st.builds(lambda s, u: Ablate(Site("heads", s), units=u), st.integers(0, 3), st.sampled_from([[0], [3, 1]])),
    st.builds(
        lambda i, seed: EditWeight(f"model.layers.{i}.mlp.up_proj.weight", vector(64, D, seed=seed), scale=0.1),
        st.integers(0, 3),
        st.integers(0, 9),
    ),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(EDITS, min_size=1, max_size=5), st.integers(0, 5), st.sampled_from([None, RuntimeError, KeyboardInterrupt])
)
def test_any_list_composes_and_is_gone_afterwards(
    edits: list[Any], cut: int, error: type[BaseException] | None
) -> None:
    with intervene(MODEL, edits) as receipt:
        together = logits(MODEL, IDS)
        assert logits(MODEL, IDS).equal(together)
    assert [effect.passes for effect in receipt] == [2] * len(edits)
    first, second = edits[:cut], edits[cut:]
    with pytest.raises(error) if error else nullcontext(), intervene(MODEL, first or second):
        with intervene(MODEL, second) if first and second else nullcontext():
            assert logits(MODEL, IDS).equal(together)
        if error:
            raise error
    assert hooks_on(MODEL) == 0
    assert all(weight.equal(BITS[name]) for name, weight in MODEL.named_parameters())
    assert logits(MODEL, IDS).equal(PLAIN)


def test_order_counts_at_one_site() -> None:
    site, v = Site("resid_post", 1), vector(D)
    (x,) = capture(MODEL, [[7, 8, 9]], [site])
    add, ablate = Add(site, v), Ablate(site, v)
    for edits, coefficient in [([add, ablate], torch.zeros(3)), ([ablate, add], v.norm().expand(3))]:
        with intervene(MODEL, edits):
            (changed,) = capture(MODEL, [[7, 8, 9]], [site])
        torch.testing.assert_close(changed.at[site] @ (v / v.norm()), coefficient, rtol=1e-4, atol=1e-4)
    assert not x.at[site].equal(changed.at[site])


def test_others_read_the_changed_stream() -> None:
    site, v = Site("resid_post", 1), vector(D)
    model, _ = tiny("llama")
    with torch.no_grad():
        # The first call makes transformers put its own hooks on the blocks, before ours.
        before = model(IDS, output_hidden_states=True).hidden_states
        with intervene(model, [Add(site, v)]):
            after = model(IDS, output_hidden_states=True).hidden_states
            captured = list(capture(model, IDS.tolist(), [site]))
    assert after[2].equal(before[2] + v)
    assert torch.stack([c.at[site] for c in captured]).equal(after[2])


def test_the_receipt_tells_how_far_the_stream_moved() -> None:
    site, v = Site("resid_post", 1), vector(D)
    truth = torch.stack([c.at[site] for c in capture(MODEL, IDS.tolist(), [site])])
    with intervene(MODEL, [Add(site, v, 2.0, Span(1, 4)), Clamp(site, v, max=10**6)]) as receipt:
        logits(MODEL, IDS)
        assert receipt[0].tokens == 6
        logits(MODEL, IDS)
    add, clamp = receipt
    assert (add.passes, add.tokens, add.changed) == (2, 12, 12)
    assert add.moved == pytest.approx(float(2 * v.norm()), rel=1e-5)
    assert add.moved_most == pytest.approx(add.moved, rel=1e-5)
    assert add.relative == pytest.approx(float((2 * v.norm() / truth[:, 1:4].norm(dim=-1)).mean()), rel=1e-5)
    assert (clamp.tokens, clamp.changed, clamp.moved, clamp.relative) == (24, 0, 0.0, 0.0)
    assert str(receipt).splitlines()[1].split()[:3] == ["Add", "at", "resid_post.1,"]


def test_padding_is_neither_touched_nor_counted() -> None:
    mask = torch.ones_like(IDS)
    mask[0, :4] = 0
    site = Site("resid_pre", 0)
    seen: list[Tensor] = []
    with intervene(MODEL, [Patch(site, torch.zeros(D))]) as receipt:
        handle = MODEL.model.layers[0].register_forward_pre_hook(lambda _, args: seen.append(args[0]))
        logits(MODEL, IDS, attention_mask=mask)
        handle.remove()
    assert receipt[0].tokens == 8
    assert seen[0][0, 4:].abs().sum() == 0
    assert (seen[0][0, :4] != 0).any(-1).all()


@pytest.mark.parametrize("arch", ARCHS)
def test_capture_of_mixed_lengths_is_steered_input_by_input(arch: str) -> None:
    model, _ = tiny(arch)
    inputs = [some_ids(1, n, seed=n)[0].tolist() for n in (9, 5, 8, 7)]
    site = Site("resid_post", 2)
    edits = [Add(Site("resid_pre", 1), vector(D), 3.0, Span(-2)), Clamp(site, vector(D, seed=2), max=0.0)]
    with intervene(model, edits) as receipt:
        together = list(capture(model, inputs, [site]))
    assert receipt[0].passes == 1
    assert [effect.tokens for effect in receipt] == [8, 29]
    for ids, captured in zip(inputs, together, strict=True):
        with intervene(model, edits):
            (alone,) = capture(model, [ids], [site])
        torch.testing.assert_close(captured.at[site], alone.at[site], rtol=1e-3, atol=1e-3)


def test_patches_by_position_and_row() -> None:
    site = Site("resid_post", 2)
    source = torch.stack([c.at[site] for c in capture(MODEL, some_ids(2, 6, seed=9).tolist(), [site])])
    with intervene(MODEL, [Patch(site, source[:, 1:3], Span(1, 3))]):
        patched = torch.stack([c.at[site] for c in capture(MODEL, IDS.tolist(), [site])])
    plain = torch.stack([c.at[site] for c in capture(MODEL, IDS.tolist(), [site])])
    assert patched[:, 1:3].equal(source[:, 1:3])
    assert patched[:, [0, 3, 4, 5]].equal(plain[:, [0, 3, 4, 5]])
    with (
        pytest.raises(CasebackError, match="values for 2 rows, but the batch has 1"),
        intervene(MODEL, [Patch(site, source[:, 1:3], Span(1, 3))]),
    ):
        logits(MODEL, IDS[:1])
    assert hooks_on(MODEL) == 0


def test_patching_everything_makes_one_run_the_other() -> None:
    other = some_ids(2, 6, seed=9)
    site = Site("resid_post", N_LAYERS - 1)
    source = torch.stack([c.at[site] for c in capture(MODEL, other.tolist(), [site])])
    with intervene(MODEL, [Patch(site, source, Span(0, 6))]):
        steered = logits(MODEL, IDS)
    assert steered.equal(logits(MODEL, other))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("arch", ARCHS)
def test_weights_are_edited_and_restored(arch: str, dtype: torch.dtype) -> None:
    model, _ = tiny(arch, dtype)
    ids = some_ids(2, 6)
    plain = logits(model, ids)
    second_block = (".layers.1.", ".h.1.")
    matrices = [n for n, w in model.named_parameters() if w.dim() == 2 and any(part in n for part in second_block)]
    name = matrices[-1]
    weight = model.get_parameter(name)
    bits = weight.detach().clone()
    left, right = vector(weight.shape[0], 2), vector(2, weight.shape[1], seed=2)
    with torch.no_grad():
        weight.copy_((bits.float() + torch.tensor(0.5) * (left @ right)).to(dtype))
        truth = logits(model, ids)
        weight.copy_(bits)
    for edit in (EditWeight(name, low_rank=(left, right), scale=0.5), EditWeight(name, left @ right, scale=0.5)):
        with intervene(model, [edit]) as receipt:
            assert logits(model, ids).equal(truth)
            with intervene(model, [edit]):
                assert not logits(model, ids).equal(truth)
            assert logits(model, ids).equal(truth)
        assert weight.equal(bits)
        assert receipt[0].moved == pytest.approx(float((left @ right).norm()) / 2, rel=0.02)
        assert (receipt[0].passes, receipt[0].tokens) == (3, 36)
    assert not truth.equal(plain)
    assert logits(model, ids).equal(plain)


def test_a_tied_weight_may_go_by_either_name() -> None:
    model, _ = tiny("llama", tie_word_embeddings=True)
    assert model.lm_head.weight is model.model.embed_tokens.weight
    delta = vector(*model.lm_head.weight.shape)
    with intervene(model, [EditWeight("lm_head.weight", delta)]):
        one = logits(model, IDS)
    with intervene(model, [EditWeight("model.embed_tokens.weight", delta)]):
        assert logits(model, IDS).equal(one)


def test_a_quantised_weight_is_refused() -> None:
    model, _ = tiny("llama")
    model.model.layers[0].mlp.up_proj.weight = nn.Parameter(torch.zeros(64, D, dtype=torch.int8), requires_grad=False)
    with (
        pytest.raises(CasebackError, match="quantised"),
        intervene(model, [EditWeight("model.layers.0.mlp.up_proj.weight", torch.zeros(64, D))]),
    ):
        pass


def test_gradients_reach_the_vector() -> None:
    v = vector(D).requires_grad_()
    with intervene(MODEL, [Add(Site("resid_post", 1), v, span=Span(3))]):
        MODEL(IDS).logits.sum().backward()
    assert v.grad is not None
    assert v.grad.abs().sum() > 0
    MODEL.zero_grad()


def test_after_inference_mode_ordinary_passes_still_work() -> None:
    with intervene(MODEL, [Add(Site("resid_post", 1), vector(D))]) as receipt:
        with torch.inference_mode():
            MODEL(IDS)
        MODEL(IDS).logits.sum().backward()
        assert receipt[0].tokens == 24
    MODEL.zero_grad()


RESID = Site("resid_post", 1)
NAN = torch.full((D,), float("nan"))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (Add(RESID, vector(31)), r"vector has shape \[31\], which should be \[32\]"),
        (Add(RESID, vector(1, D)), "vector has shape"),
        (Add(RESID, 1.0), "vector has shape"),
        (Add(RESID, "loud"), "not a tensor of numbers"),
        (Add(RESID, NAN), "vector is not finite"),
        (Add(RESID, vector(D), float("inf")), "scale is not finite"),
        (Add(Site("resid_post", 4), vector(D)), "4 blocks, 0 to 3"),
        (Add(RESID, vector(1), units=[3]), "only heads and neurons"),
        (Add(Site("heads", 0), vector(D_HEAD), units=[4]), "from 0 to 3"),
        (Add(Site("heads", 0), vector(D_HEAD), units=[-1]), "from 0 to 3"),
        (Add(Site("heads", 0), vector(D_HEAD), units=[]), "different numbers"),
        (Add(Site("heads", 0), vector(D_HEAD), units=[1, 1]), "different numbers"),
        (Add(Site("heads", 0), vector(D)), r"should be \[4, 8\] or \[8\]"),
        (Add(Site("neurons", 0), vector(2), units=[1, 64]), "from 0 to 63"),
        (Ablate(RESID, torch.zeros(D)), "length 0"),
        (Ablate(RESID, mean=NAN), "mean is not finite"),
        (Clamp(RESID, vector(D)), "either value"),
        (Clamp(RESID, vector(D), value=1.0, max=2.0), "either value"),
        (Clamp(RESID, vector(D), min=2.0, max=1.0), "above max"),
        (Clamp(RESID, vector(D), max=float("nan")), "max is not finite"),
        (Patch(RESID, vector(3, D)), "should be"),
        (Patch(RESID, vector(3, D), Span(0, 4)), "should be"),
        (Patch(RESID, vector(3, D), Span(0, None)), "should be"),
        (EditWeight("model.layers.0.mlp.up.weight", vector(2)), r"did you mean model\.layers\.0\.mlp\.up_proj\.weight"),
        (EditWeight("model.layers.0.mlp.up_proj.weight", vector(2)), "delta has shape"),
        (EditWeight("model.layers.0.mlp.up_proj.weight"), "either delta or low_rank"),
        (EditWeight("model.layers.0.mlp.up_proj.weight", low_rank=(vector(64, 1), vector(2, D))), "left has shape"),
        (EditWeight("model.norm.weight", low_rank=(vector(D, 1), vector(1, 1))), "for matrices"),
        (EditWeight("model.norm.weight", NAN), "delta is not finite"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_and_undone(edit: Any, message: str) -> None:
    good = [Add(RESID, vector(D)), EditWeight("model.norm.weight", vector(D))]
    with pytest.raises(CasebackError, match=message), intervene(MODEL, [*good, edit]):
        pytest.fail("the context was entered")
    assert hooks_on(MODEL) == 0
    assert all(weight.equal(BITS[name]) for name, weight in MODEL.named_parameters())


def test_what_never_takes_effect_is_an_error() -> None:
    with (
        pytest.raises(CasebackError, match="never took effect: the model never ran"),
        intervene(MODEL, [Add(RESID, vector(D))]),
    ):
        pass
    with (
        pytest.raises(CasebackError, match=r"Span.* never took effect: no token of 1 passes was in its span"),
        intervene(MODEL, [Add(RESID, vector(D), span=Span(6))]),
    ):
        logits(MODEL, IDS)
    with (
        pytest.raises(CasebackError, match="the model never ran"),
        intervene(MODEL, [EditWeight("model.norm.weight", vector(D))]),
    ):
        pass
    with (
        pytest.raises(CasebackError, match=r"resid_post\.3 never took effect"),
        intervene(MODEL, [Add(Site("resid_post", 3), vector(D))]),
    ):
        list(capture(MODEL, IDS.tolist(), [Site("resid_post", 2)]))
    with pytest.raises(CasebackError, match="no interventions"), intervene(MODEL, []):
        pass
    assert hooks_on(MODEL) == 0


def test_an_error_within_is_not_covered_by_ours() -> None:
    with pytest.raises(ZeroDivisionError), intervene(MODEL, [Add(RESID, vector(D))]):
        _ = 1 / 0
    assert hooks_on(MODEL) == 0


def test_a_module_that_a_fused_kernel_passes_by_is_noticed() -> None:
    model, _ = tiny("llama")
    mlp = model.model.layers[1].mlp
    mlp.forward = lambda x: torch.nn.functional.linear(
        mlp.act_fn(mlp.gate_proj(x)) * mlp.up_proj(x), mlp.down_proj.weight
    )
    with (
        pytest.raises(CasebackError, match=r"Ablate at neurons\.1: the forward pass never computed this site"),
        intervene(model, [Ablate(Site("neurons", 1))]),
    ):
        logits(model, IDS)
    assert hooks_on(model) == 0


def test_a_part_run_by_itself_is_refused() -> None:
    with pytest.raises(CasebackError, match="run by itself"), intervene(MODEL, [Ablate(Site("mlp_out", 1))]):
        MODEL.model.layers[1].mlp(torch.zeros(1, 2, D))
    assert hooks_on(MODEL) == 0


def test_a_silenced_latent_writes_nothing_any_more() -> None:
    site, reader, row = Site("resid_post", 1), vector(D), vector(D, seed=2)
    x = torch.stack([c.at[site] for c in capture(MODEL, IDS.tolist(), [site])])
    pre = x @ reader + 0.3
    least = float(pre.quantile(0.5))
    active = pre.where(pre > max(least, 0.0), 0.0)
    assert 0 < int((active > 0).sum()) < active.numel()
    with intervene(MODEL, [Silence(site, reader, row, 0.3, least)]) as receipt:
        after = torch.stack([c.at[site] for c in capture(MODEL, IDS.tolist(), [site])])
    torch.testing.assert_close(after, x - active[..., None] * row)
    assert receipt[0].changed == int((active > 0).sum())
    with pytest.raises(CasebackError, match="reader has shape"), intervene(MODEL, [Silence(site, reader[:3], row)]):
        pass
