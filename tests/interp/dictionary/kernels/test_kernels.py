"""Compiled and plain kernels agree with each other and with dense tensors and autograd."""

import shutil
from types import ModuleType

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.interp.dictionary.entries import Entries
from caseback.interp.dictionary.kernels import build, compiled, plain

needs_compiler = pytest.mark.skipif(build.shared_library() is None, reason="no C compiler here")
BOTH = [pytest.param(plain, id="plain"), pytest.param(compiled, id="compiled", marks=needs_compiler)]


def dense(entries: Entries) -> torch.Tensor:
    codes = torch.zeros(entries.rows, entries.width)
    return codes.index_put_((entries.row_of(), entries.latents.long()), entries.values, accumulate=True)


def some_entries(seed: int, rows: int, width: int) -> Entries:
    make = torch.Generator().manual_seed(seed)
    active = torch.rand(rows, width, generator=make) < 0.3
    active[0] = False  # a row without any
    where = active.nonzero()
    offsets = torch.cat([torch.zeros(1, dtype=torch.long), active.sum(1).cumsum(0)])
    return Entries(offsets, where[:, 1].int(), torch.rand(len(where), generator=make), width)


def test_a_compiler_is_used_where_there_is_one() -> None:
    assert (build.shared_library() is not None) == any(map(shutil.which, ("cc", "gcc", "clang")))


@pytest.mark.parametrize("kernels", BOTH)
@settings(max_examples=40)
@given(
    st.integers(0, 10**6),
    st.sampled_from([1, 3, 32, 100]),
    st.sampled_from([100, 256, 700, 4099]),
    st.sampled_from([torch.float32, torch.bfloat16]),
    st.sampled_from(["normal", "negative", "ties"]),
)
def test_topk_is_torch_topk(kernels: ModuleType, seed: int, k: int, width: int, dtype: torch.dtype, kind: str) -> None:
    pre = torch.randn(5, width, generator=torch.Generator().manual_seed(seed))
    if kind == "negative":
        pre -= 2.5
    if kind == "ties":
        pre = pre.round()
    pre = pre.to(dtype)
    found = kernels.topk(pre, k)
    truth = pre.topk(k, dim=1).values.float().relu()
    values = dense(found).sort(1, descending=True).values[:, :k]
    assert values.equal(truth)
    rows = found.row_of()
    assert (pre[rows, found.latents.long()].float().relu() == found.values).all()
    pairs = set(zip(rows.tolist(), found.latents.tolist(), strict=True))
    assert len(pairs) == len(found.latents)


@pytest.mark.parametrize("kernels", BOTH)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("width", [20, 64, 333])
def test_above_finds_all_and_only_those(kernels: ModuleType, dtype: torch.dtype, width: int) -> None:
    pre, threshold = torch.randn(200, width).to(dtype), torch.rand(width) * 3
    truth = pre.float().where(pre.float() > threshold, 0.0)
    assert dense(kernels.above(pre, threshold)).equal(truth)
    nothing = kernels.above(pre, torch.full((width,), 99.0))
    assert len(nothing.values) == 0
    assert nothing.offsets.equal(torch.zeros(201, dtype=torch.long))
    order = kernels.by_latent(nothing)
    assert not order.starts.any()


@pytest.mark.parametrize("kernels", BOTH)
@pytest.mark.parametrize("d", [1, 7, 128, 150])
@pytest.mark.parametrize("bounds", [[40], [5, 17, 40]])
@pytest.mark.parametrize("skip", [False, True])
def test_fit_is_dense_autograd(kernels: ModuleType, d: int, bounds: list[int], skip: bool) -> None:
    entries = some_entries(d, 150, 40)
    W = torch.randn(40, d)
    base = torch.randn(150, d) if skip else torch.randn(d)
    target = torch.randn(150, d)
    found = kernels.fit(entries, W, base, target, torch.tensor(bounds), 0.01, torch.float32)

    values = entries.values.clone().requires_grad_()
    codes = torch.zeros(150, 40).index_put((entries.row_of(), entries.latents.long()), values)
    added = []
    for low, high in zip([0, *bounds], bounds, strict=False):
        added.append((codes[:, low:high] @ W[low:high]).detach().requires_grad_())
    parts = [codes[:, low:high] @ W[low:high] for low, high in zip([0, *bounds], bounds, strict=False)]
    loss = sum((base + sum(parts[: i + 1]) - target).square().sum() for i in range(len(bounds))) * 0.01
    assert found.loss == pytest.approx(float(loss.detach()), rel=1e-5)
    torch.testing.assert_close(found.dvalues, torch.autograd.grad(loss, values)[0], rtol=1e-4, atol=1e-5)
    again = sum((base + sum(added[: i + 1]) - target).square().sum() for i in range(len(bounds))) * 0.01
    for i, grad in enumerate(torch.autograd.grad(again, added)):
        torch.testing.assert_close(found.grads[:, i], grad, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kernels", BOTH)
@pytest.mark.parametrize("d", [1, 9, 128, 200])
@pytest.mark.parametrize("bounds", [[40], [5, 17, 40]])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_weight_gradient_is_the_dense_product(
    kernels: ModuleType, d: int, bounds: list[int], dtype: torch.dtype
) -> None:
    entries = some_entries(d, 150, 40)
    M = torch.randn(150, len(bounds), d).to(dtype)
    ends = torch.tensor(bounds)
    codes = dense(entries)
    truth = torch.zeros(40, d)
    for i, (low, high) in enumerate(zip([0, *bounds], bounds, strict=False)):
        truth[low:high] = codes[:, low:high].T @ M[:, i].float()
    order = kernels.by_latent(entries)
    for touched in (torch.arange(40), torch.tensor([3, 5, 22, 39])):
        grad, squares = kernels.weight_grad(order, entries.values, M, ends, touched.int())
        torch.testing.assert_close(grad, truth[touched], rtol=1e-4, atol=1e-4)
        assert squares == pytest.approx(float(truth[touched].square().sum()), rel=1e-4)


@pytest.mark.parametrize("kernels", BOTH)
@pytest.mark.parametrize("unit", [False, True])
def test_adam_is_torch_adam(kernels: ModuleType, unit: bool) -> None:
    weight = torch.randn(30, 17)
    if unit:
        weight /= weight.norm(dim=1, keepdim=True)
    theirs = torch.nn.Parameter(weight.clone())
    reference = torch.optim.Adam([theirs], lr=0.01, betas=(0.8, 0.95), eps=1e-7)
    mean, square, half = torch.zeros(30, 17), torch.zeros(30, 17), torch.empty(30, 17, dtype=torch.bfloat16)
    every = torch.arange(30, dtype=torch.int32)
    for step in range(1, 6):
        grad = torch.randn(30, 17)
        theirs.grad = grad * 0.3
        reference.step()
        if unit:
            theirs.data /= theirs.data.norm(dim=1, keepdim=True)
        kernels.adam_rows(every, weight, grad, mean, square, 0.3, 0.01, (0.8, 0.95), 1e-7, step, unit, half)
        torch.testing.assert_close(weight, theirs.data, rtol=1e-5, atol=1e-6)
        assert half.equal(weight.bfloat16())


@pytest.mark.parametrize("kernels", BOTH)
def test_adam_on_some_rows_leaves_the_others(kernels: ModuleType) -> None:
    weight, mean, square = torch.randn(9, 5), torch.zeros(9, 5), torch.zeros(9, 5)
    before = weight.clone()
    touched = torch.tensor([1, 7], dtype=torch.int32)
    kernels.adam_rows(touched, weight, torch.ones(2, 5), mean, square, 1.0, 0.1, (0.9, 0.999), 1e-8, 1, False, None)
    torch.testing.assert_close(weight[[1, 7]], before[[1, 7]] - 0.1, rtol=1e-5, atol=1e-5)
    rest = [0, 2, 3, 4, 5, 6, 8]
    assert weight[rest].equal(before[rest])
    assert not mean[rest].any()


@needs_compiler
def test_threads_change_nothing() -> None:
    entries, W, target = some_entries(0, 400, 40), torch.randn(40, 130), torch.randn(400, 130)
    ends, every = torch.tensor([40]), torch.arange(40, dtype=torch.int32)
    threads = torch.get_num_threads()
    found = []
    try:
        for n in (1, 3):
            torch.set_num_threads(n)
            fitted = compiled.fit(entries, W, torch.zeros(130), target, ends, 1.0, torch.float32)
            grad, _ = compiled.weight_grad(compiled.by_latent(entries), entries.values, fitted.grads, ends, every)
            found.append((fitted.grads, fitted.dvalues, grad))
    finally:
        torch.set_num_threads(threads)
    assert all(a.equal(b) for a, b in zip(*found, strict=True))
