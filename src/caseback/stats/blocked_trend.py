"""A trend within blocks: the same few levels tried again and again, and whether the value goes up or down with them."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t

LISTED = 20_000
"""Arrangements up to which all are listed."""
SAMPLED = 20_000
"""Arrangements drawn where there are more, the observed one among them."""


@dataclass(frozen=True)
class Block:
    """One repetition: values at levels ``xs``, at least two of which differ. Blocks of a ``stratum`` are alike."""

    stratum: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]


@dataclass(frozen=True)
class Trend:
    """The mean slope over blocks.

    ``low`` and ``high`` hold the mean slope of new blocks of these strata, at these levels; they are infinite where no
    stratum has two blocks. ``deviation`` is that of slopes within strata, NaN there. ``p`` is two-sided, of no
    dependence on the level at all.
    """

    value: float
    low: float
    high: float
    n: int
    deviation: float
    p: float
    confidence: float = 0.95


def blocked_trend(blocks: Sequence[Block], confidence: float = 0.95) -> Trend | None:
    """The trend, or None without a block.

    The slope of each block is that of least squares. Their mean has Student's interval, with the variance within strata
    and one degree of freedom less a stratum: strata are taken as they are, blocks as drawn. ``p`` is by permutation in
    the manner of Page (Journal of the American Statistical Association 58, 1963): within each block every order of its
    values is as likely as any other where the level does not matter. All orders are listed where they are few, else
    drawn with a fixed seed, the observed one among them (Phipson and Smyth, Statistical Applications in Genetics and
    Molecular Biology 9, 2010).

    Raises:
        ValueError: a block whose levels and values do not pair, or whose levels are all the same.
    """
    if not blocks:
        return None
    slopes = [slope(each.xs, each.ys) for each in blocks]
    value = sum(slopes) / len(slopes)
    strata: dict[str, list[float]] = {}
    for each, found in zip(blocks, slopes, strict=True):
        strata.setdefault(each.stratum, []).append(found)
    freedom = len(blocks) - len(strata)
    squares = sum((s - sum(group) / len(group)) ** 2 for group in strata.values() for s in group)
    deviation = math.sqrt(squares / freedom) if freedom else math.nan
    half = half_width(deviation, len(blocks), freedom, confidence) if freedom else math.inf
    return Trend(value, value - half, value + half, len(blocks), deviation, _p(blocks, value), confidence)


def half_width(deviation: float, blocks: int, freedom: int, confidence: float = 0.95) -> float:
    """Half the width of Student's interval of a mean over so many blocks."""
    return float(t.ppf((1 + confidence) / 2, freedom)) * deviation / math.sqrt(blocks)


def blocks_needed(trend: Trend, strata: int, most: int = 1000) -> int | None:
    """The fewest blocks whose interval would exclude no slope, were slope and scatter as they are; None beyond
    ``most``, or where nothing is known of the scatter."""
    if math.isnan(trend.deviation) or not trend.value:
        return None
    for many in range(strata + 1, most + 1):
        if half_width(trend.deviation, many, many - strata, trend.confidence) < abs(trend.value):
            return many
    return None


def slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    """The slope of least squares.

    Raises:
        ValueError: the two do not pair, or all ``xs`` are the same.
    """
    if len(xs) != len(ys):
        raise ValueError(f"{len(xs)} levels and {len(ys)} values do not pair")
    return float(_weights(xs) @ np.asarray(ys, dtype=float))


def _weights(xs: Sequence[float]) -> npt.NDArray[np.float64]:
    """By which values are multiplied and summed for the slope."""
    away = np.asarray(xs, dtype=float) - float(np.mean(xs))
    whole = float(away @ away)
    if not whole:
        raise ValueError("all levels are the same: no slope")
    return away / whole


def _p(blocks: Sequence[Block], observed: float) -> float:
    weights = [_weights(each.xs) for each in blocks]
    values = [np.asarray(each.ys, dtype=float) for each in blocks]
    ways = math.prod(math.factorial(len(each)) for each in values)
    if ways <= LISTED:
        each = [
            [float(w @ ys[list(order)]) for order in itertools.permutations(range(len(ys)))]
            for w, ys in zip(weights, values, strict=True)
        ]
        found = np.array([sum(slopes) for slopes in itertools.product(*each)]) / len(blocks)
    else:
        rng = np.random.default_rng(0)
        drawn = np.zeros(SAMPLED - 1)
        for w, ys in zip(weights, values, strict=True):
            drawn += rng.permuted(np.tile(ys, (SAMPLED - 1, 1)), axis=1) @ w
        found = np.append(drawn / len(blocks), observed)
    return float((np.abs(found) >= abs(observed) - 1e-12).mean())
