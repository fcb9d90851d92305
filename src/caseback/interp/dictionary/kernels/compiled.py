"""The functions of ``plain`` by the compiled kernels, for tensors on a CPU."""

import ctypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from caseback.errors import CasebackError
from caseback.interp.dictionary.entries import Entries, Fit, Order
from caseback.interp.dictionary.kernels.build import shared_library

FEW = 64
"""Rows below which a second thread is not worth its while."""


def topk(pre_BF: Tensor, k: int) -> Entries:
    """The k highest positive ones of each row."""
    rows, width = pre_BF.shape
    latents = torch.empty(rows, k, dtype=torch.int32)
    values = torch.empty(rows, k)
    counts = torch.empty(rows, dtype=torch.int32)
    call = _function("topk", pre_BF.dtype)
    _shared(rows, lambda a, b: call(_at(pre_BF), _int(width), _int(k), a, b, _at(latents), _at(values), _at(counts)))
    if bool((counts == k).all()):
        offsets = torch.arange(0, (rows + 1) * k, k)
        return Entries(offsets, latents.view(-1), values.view(-1), width)
    there = torch.arange(k) < counts[:, None]
    return Entries(F.pad(counts.long().cumsum(0), (1, 0)), latents[there], values[there], width)


def above(pre_BF: Tensor, threshold_F: Tensor) -> Entries:
    """All that exceed the threshold of their latent."""
    rows, width = pre_BF.shape
    threshold = threshold_F.float().contiguous()
    counts = torch.zeros(rows, dtype=torch.int64)
    call = _function("above", pre_BF.dtype)
    head = _at(pre_BF), _at(threshold), _int(width)
    _shared(rows, lambda a, b: call(*head, a, b, _at(counts), None, None, None))
    offsets = F.pad(counts.cumsum(0), (1, 0))
    latents = torch.empty(int(offsets[-1]), dtype=torch.int32)
    values = torch.empty(len(latents))
    if len(latents):  # an empty tensor has no address, and none would ask for counts again
        _shared(rows, lambda a, b: call(*head, a, b, None, _at(offsets), _at(latents), _at(values)))
    return Entries(offsets, latents, values, width)


def fit(
    entries: Entries,
    W_dec: Tensor,
    base: Tensor,
    target_BD: Tensor,
    bounds: Tensor,
    weight: float,
    dtype: torch.dtype,
) -> Fit:
    """Decode, compare, and differentiate."""
    rows, groups, d = entries.rows, len(bounds), W_dec.shape[1]
    grads = torch.empty(rows, groups, d, dtype=dtype)
    dvalues = torch.empty(len(entries.latents))
    call = _function("fit", dtype)
    given = base.contiguous(), target_BD.contiguous(), bounds.int().contiguous()
    losses: list[tuple[int, float]] = []

    def part(a: Any, b: Any) -> None:
        found = ctypes.c_double()
        call(
            _at(entries.offsets), _at(entries.latents), _at(entries.values), _at(W_dec),
            _at(given[0]), _int(d if base.dim() > 1 else 0), _at(given[1]), _int(d), _at(given[2]), _int(groups),
            ctypes.c_float(weight), a, b, _at(grads), _at(dvalues), ctypes.byref(found),
        )  # fmt: skip
        losses.append((a.value, found.value))

    _shared(rows, part)
    return Fit(sum(loss for _, loss in sorted(losses)), grads, dvalues)


def by_latent(entries: Entries) -> Order:
    """The entries in the order of their latents."""
    starts = torch.empty(entries.width + 1, dtype=torch.int64)
    row_of, entry_of = (torch.empty(len(entries.latents), dtype=torch.int32) for _ in range(2))
    _function("by_latent")(
        _at(entries.offsets), _at(entries.latents), _int(entries.rows), _int(entries.width),
        _at(starts), _at(row_of), _at(entry_of),
    )  # fmt: skip
    return Order(starts, row_of, entry_of)


def weight_grad(order: Order, much_N: Tensor, M: Tensor, bounds: Tensor, touched: Tensor) -> tuple[Tensor, float]:
    """Gradient [len(touched), d] of the weight's rows ``touched``, and the sum of its squares."""
    groups, d = M.shape[1], M.shape[2]
    grad = torch.empty(len(touched), d)
    call = _function("weight", M.dtype)
    ends = bounds.int().contiguous()
    squares: list[tuple[int, float]] = []

    def part(a: Any, b: Any) -> None:
        found = ctypes.c_double()
        call(
            _at(order.starts), _at(order.row_of), _at(order.entry_of), _at(much_N), _at(M), _int(d), _at(ends),
            _int(groups), _at(touched), a, b, _at(grad), ctypes.byref(found),
        )  # fmt: skip
        squares.append((a.value, found.value))

    _shared(len(touched), part)
    return grad, sum(value for _, value in sorted(squares))


def adam_rows(
    touched: Tensor,
    weight: Tensor,
    grad: Tensor,
    mean: Tensor,
    square: Tensor,
    scale: float,
    rate: float,
    betas: tuple[float, float],
    eps: float,
    step: int,
    unit: bool,
    half: Tensor | None,
) -> None:
    """Adam on the rows ``touched`` with their gradient, scaled; then, if asked, rows of length 1, and a bf16 copy."""
    call = _function("adam_rows")
    numbers = scale, rate, *betas, eps, 1 - betas[0] ** step, 1 - betas[1] ** step
    floats = [ctypes.c_float(number) for number in numbers]
    copy = None if half is None else _at(half)
    tensors = _at(weight), _at(grad), _at(mean), _at(square)
    _shared(
        len(touched),
        lambda a, b: call(_at(touched), a, b, _int(weight.shape[1]), *tensors, *floats, ctypes.c_int32(unit), copy),
    )


_int = ctypes.c_int64


def _function(name: str, dtype: torch.dtype | None = None) -> Any:
    found = shared_library()
    if found is None:
        raise CasebackError("the kernels could not be compiled: use the functions of plain.py")
    function = getattr(found, name + {None: "", torch.float32: "_f", torch.bfloat16: "_h"}[dtype])
    function.restype = None
    return function


def _at(tensor: Tensor) -> ctypes.c_void_p:
    if not tensor.is_contiguous() or tensor.device.type != "cpu":
        raise CasebackError("the compiled kernels take contiguous tensors on the CPU")
    return ctypes.c_void_p(tensor.data_ptr())


def _shared(rows: int, part: Callable[[Any, Any], object]) -> None:
    """Runs ``part(first, last)`` on shares of the rows, on as many threads as torch uses."""
    threads = min(torch.get_num_threads(), max(1, rows // FEW))
    if threads == 1:
        part(_int(0), _int(rows))
        return
    ends = [rows * i // threads for i in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda i: part(_int(ends[i]), _int(ends[i + 1])), range(threads)))
