"""Kendall's rank correlation, exact for few cases."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LISTED = 8
"""Cases up to which every order is listed."""
SAMPLED = 20_000
"""Orders drawn where there are more, the observed one among them."""


@dataclass(frozen=True)
class Tau:
    """Kendall's tau-b of n cases; NaN where one of the two lists is all ties.

    ``low`` and ``high`` hold the tau of the population that the cases were drawn from. ``p`` is that of no agreement,
    two-sided: the share of orders of the second list that give as large a tau, either way.
    """

    value: float
    n: int
    low: float
    high: float
    p: float
    confidence: float = 0.95


def kendall(first: Sequence[float], second: Sequence[float], confidence: float = 0.95) -> Tau:
    """How far two lists order the same cases alike (Kendall, Biometrika 30, 1938; tau-b for ties, Biometrika 33, 1945).

    The p-value is exact: every order of the second list is as likely as any other under no agreement. They are all
    listed up to eight cases, beyond that drawn with a fixed seed. The interval is Hoeffding's for a mean over pairs of
    cases (Journal of the American Statistical Association 58, 1963, section 5b), which covers at every n and says
    little at a small one: tau 1 of five cases goes with [-0.92, 1]. It is that of tau-a, the same without ties.

    Raises:
        ValueError: where the lists differ in length.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} cases in the first list and {len(second)} in the second: they must be pairs")
    n = len(first)
    signs, others = _signs(first), _signs(second)
    scale = math.sqrt(float(np.abs(signs).sum()) * float(np.abs(others).sum()))
    if not scale:
        return Tau(math.nan, n, -1.0, 1.0, 1.0, confidence)
    value = float((signs * others).sum()) / scale
    found = np.array([abs((signs * others[np.ix_(order, order)]).sum()) / scale for order in _orders(n)])
    half = half_width(n, confidence)
    return Tau(
        value,
        n,
        max(-1.0, value - half),
        min(1.0, value + half),
        float((found >= abs(value) - 1e-9).mean()),
        confidence,
    )


def half_width(n: int, confidence: float) -> float:
    """How far Hoeffding lets tau-a of n cases, a mean of values in [-1, 1] over pairs, lie from that of all."""
    return math.sqrt(2 * math.log(2 / (1 - confidence)) / (n // 2))


def _signs(values: Sequence[float]) -> npt.NDArray[np.float64]:
    """For every two cases whether the first is above (1), below (-1) or tied (0)."""
    array = np.asarray(values, dtype=float)
    return np.sign(array[:, None] - array[None, :])


def _orders(n: int) -> list[tuple[int, ...]]:
    """All orders of n cases, or a sample of fixed seed; the observed one first."""
    if n <= LISTED:
        return list(itertools.permutations(range(n)))
    rng = np.random.default_rng(0)
    return [tuple(range(n)), *(tuple(rng.permutation(n)) for _ in range(SAMPLED - 1))]
