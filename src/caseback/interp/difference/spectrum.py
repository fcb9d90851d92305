"""The spectrum of the weight change, matrix by matrix, beside that of a random change of equal norm.

Effective rank: Roy and Vetterli, *The effective rank*, EUSIPCO 2007. Stable rank: Rudelson and Vershynin, *Sampling
from large matrices*, Journal of the ACM 54, 2007.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from caseback.errors import CasebackError

VALUES = 32
"""Singular values kept of each matrix, largest first."""
KEPT = 0.9
"""The share of the squared change that ``rank90`` counts singular values for."""
LARGE = 2048
"""The smaller side from which on singular values come from the Gram matrix, several times faster."""


@dataclass(frozen=True)
class Ranks:
    """How a change spreads over directions.

    Attributes:
        effective: exp of the entropy of the singular values as shares of their sum.
        stable: squared Frobenius norm over the square of the largest singular value.
        rank90: the least number of singular values that hold 90 % of the squared change.
        largest: the largest singular value over the Frobenius norm.
    """

    effective: float
    stable: float
    rank90: int
    largest: float


@dataclass(frozen=True)
class MatrixChange:
    """The change of one weight. ``ranks`` and ``random`` are None for vectors and where nothing changed.

    Attributes:
        name: Of the weight; experts have their number behind it.
        shape: Its shape.
        norm: Frobenius norm of the change.
        relative: That over the norm of the weight before; NaN where that is 0.
        values: Its largest singular values.
        ranks: Of the change.
        random: Of a Gaussian change of equal shape and norm.
    """

    name: str
    shape: tuple[int, ...]
    norm: float
    relative: float
    values: tuple[float, ...]
    ranks: Ranks | None
    random: Ranks | None


def weight_spectrum(
    before: Any, after: Any, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> tuple[MatrixChange, ...]:
    """The change of every weight, largest relative change first; one matrix is held at a time.

    Args:
        before: a model of transformers, without adapters on it (merge them).
        after: one with weights of the same names and shapes.
        seed: of the random changes.
        progress: called with (weights done, weights in all).

    Raises:
        CasebackError: a weight is missing in one, of another shape, not finite, or quantised.
    """
    if any(getattr(model, "is_quantized", False) for model in (before, after)):
        raise CasebackError("a quantised model's weights cannot be compared: load both in bfloat16 or float32")
    old, new = dict(before.named_parameters()), dict(after.named_parameters())
    for name in sorted(old.keys() | new.keys()):
        shapes = [tuple(weights[name].shape) if name in weights else None for weights in (old, new)]
        if shapes[0] != shapes[1]:
            raise CasebackError(f"the weight {name} is {shapes[0]} in the first model and {shapes[1]} in the second: "
                                "compare models of one architecture")  # fmt: skip
    found = []
    for done, name in enumerate(new, start=1):
        found += [_change(*part, seed) for part in _matrices(name, old[name].detach(), new[name].detach())]
        if progress:
            progress(done, len(new))
    return tuple(sorted(found, key=lambda change: -change.relative if change.relative == change.relative else 0.0))


def ranks_of(values: Tensor) -> Ranks | None:
    """The ranks of a matrix with these singular values, falling; None where all are zero."""
    values = values.double()
    squares = values.square()
    total = float(squares.sum())
    if not total:
        return None
    shares = values / values.sum()
    entropy = -float((shares * shares.clamp(min=1e-300).log()).sum())
    kept = squares.cumsum(0) / total
    return Ranks(
        effective=float(torch.tensor(entropy).exp()),
        stable=total / float(squares[0]),
        rank90=int((kept < KEPT).sum()) + 1,
        largest=float(values[0]) / total**0.5,
    )


def singular_values(matrix_MN: Tensor) -> Tensor:
    """All singular values, falling, in double precision.

    Where the smaller side is large they are square roots of the Gram matrix's eigenvalues, right to about 1e-8 of the
    largest.
    """
    matrix_MN = matrix_MN.double()
    if min(matrix_MN.shape) < LARGE and max(matrix_MN.shape) < 8 * min(matrix_MN.shape):
        return torch.linalg.svdvals(matrix_MN)
    wide = matrix_MN.shape[0] < matrix_MN.shape[1]
    gram = matrix_MN @ matrix_MN.T if wide else matrix_MN.T @ matrix_MN
    return torch.linalg.eigvalsh(gram).clamp(min=0).sqrt().flip(0)


def _matrices(name: str, old: Tensor, new: Tensor) -> Iterator[tuple[str, Tensor, Tensor]]:
    """The weight itself, or each matrix of a stack of experts."""
    if old.dim() < 3:
        yield name, old, new
        return
    for at in range(old.shape[0]):
        yield from _matrices(f"{name}[{at}]", old[at], new[at])


def _change(name: str, old: Tensor, new: Tensor, seed: int) -> MatrixChange:
    delta = new.double() - old.double().to(new.device)
    norm, size = float(delta.norm()), float(old.double().norm())
    if norm != norm or norm == float("inf"):
        raise CasebackError(f"the weight {name} is not finite in one of the models: its file is damaged")
    relative = norm / size if size else float("nan")
    if delta.dim() < 2 or not norm:
        return MatrixChange(name, tuple(delta.shape), norm, relative, (), None, None)
    values = singular_values(delta)
    return MatrixChange(
        name=name,
        shape=tuple(delta.shape),
        norm=norm,
        relative=relative,
        values=tuple(values[:VALUES].tolist()),
        ranks=ranks_of(values),
        random=_random_ranks(tuple(delta.shape), seed),
    )


@lru_cache(maxsize=64)
def _random_ranks(shape: tuple[int, ...], seed: int) -> Ranks | None:
    """Of a Gaussian matrix: its ranks do not depend on its norm."""
    generator = torch.Generator().manual_seed(seed)
    return ranks_of(singular_values(torch.randn(*shape, generator=generator)))
