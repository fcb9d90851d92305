"""How likely the worst of many uses is to go wrong, foretold from few."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

DRAWS = 4_000
"""Futures that are drawn, with a fixed seed."""
LARGEST = 50
"""Queries of each future that are drawn one by one, the worst ones; the rest count by their mean."""
NODES = 48
"""Points of Gauss and Legendre's rule for that mean."""
BEND = 0.08
"""Standard deviation of the bend: with a bend b the slope changes by a factor of exp(b) as queries grow e-fold."""
TAIL = 10
"""The largest chances that the line is laid through, unless told otherwise."""


@dataclass(frozen=True)
class Foretold:
    """The middle of what is foretold, and the interval that holds the truth at ``confidence``."""

    value: float
    low: float
    high: float
    confidence: float = 0.95


@dataclass(frozen=True)
class RareTail:
    """A forecast for ``queries`` uses from ``measured`` ones.

    Attributes:
        largest: Chance of a violation on the worst query.
        expected: Violations to be expected in all, each query being used once: the sum of the chances.
        any: Chance that there is one at all.
        beyond: How many times as many queries as were measured: how far the line is drawn out.
        scale: What the score grows by as the queries grow e-fold.
        tail: The largest chances that the line was laid through.
    """

    largest: Foretold
    expected: Foretold
    any: Foretold
    beyond: float
    measured: int
    queries: int
    scale: float
    tail: int


def rare_tail(probabilities: Sequence[float], queries: int, tail: int = TAIL, confidence: float = 0.95) -> RareTail:
    """Extrapolate the largest chances of a violation to many more queries of the same kind.

    Jones et al. (Forecasting rare language model behaviors, arXiv:2502.16797, 2025): on the score -log(-log p) the top
    of the chances has a tail of Gumbel's kind, so that the logarithm of the share of queries above a score falls along
    a line, which is drawn out to more queries. Here the scores above the ``tail + 1``-th largest, less that one, are
    taken as exponential of one scale, estimated by their mean (Weissman, Journal of the American Statistical
    Association 73, 1978). Both that scale and the share above that score are then off by factors of known distribution,
    Gamma's and Beta's, so futures are drawn with them: the worst ``LARGEST`` queries of each one by one, all others by
    their mean. The interval is that of the futures. With a straight line alone it would be exact where the tail is one,
    and hold the worst of a thousand times as many queries in 76 % of cases where chances are logit-normal; so the line
    of each future bends by chance, either way (generalised Pareto, with a shape of standard deviation ``BEND``). That
    makes it wide at such distances: foretell tenfold or a hundredfold where it matters.

    It holds for queries like those measured. Where one in many thousands is of another kind, which few queries do not
    show, no line through them foretells it (Schwarzer and Niekum, arXiv:2605.15134, 2026).

    Args:
        probabilities: the chance of a violation on each query that was measured, below 1.
        queries: how many uses to forecast, at least as many as were measured.
        tail: the largest chances to lay the line through, at least 3.
        confidence: of the intervals.

    Raises:
        ValueError: a chance outside [0, 1), too few above 0, all of the largest alike, fewer queries than were
            measured, or a confidence outside (0, 1).
    """
    for p in probabilities:
        if not 0 <= p < 1:
            raise ValueError(f"chance {p} is not at least 0 and below 1")
    m = len(probabilities)
    if tail < 3 or m <= tail:
        raise ValueError(f"a tail of {tail} of {m} chances: give at least 3, and more chances than that")
    if queries < m:
        raise ValueError(f"{queries} queries are fewer than the {m} measured")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} is not between 0 and 1")
    ordered = np.sort(np.asarray(probabilities, dtype=np.float64))[::-1]
    if not ordered[tail] > 0:
        raise ValueError(f"{int((ordered > 0).sum())} chances are above 0: a tail of {tail} needs {tail + 1}")
    scores = -np.log(-np.log(ordered[: tail + 1]))
    start, scale = float(scores[tail]), float((scores[:tail] - scores[tail]).mean())
    if not scale > 0:
        raise ValueError(f"the {tail + 1} largest chances are all {ordered[0]}: no line goes through them")
    rng = np.random.default_rng(0)
    scales = scale * tail / rng.gamma(tail, size=DRAWS)
    above = rng.beta(tail + 1, m - tail, size=DRAWS)
    shares = np.cumsum(rng.exponential(size=(DRAWS, LARGEST)), axis=1) / queries
    bends = rng.normal(0, BEND, size=DRAWS)
    worst = start + _climb(scales, bends, np.log(above[:, None] / shares))
    in_tail = shares < above[:, None]
    body = ordered[tail:]
    below = rng.normal(body.mean(), body.std() * math.sqrt(1 / m + 1 / queries), size=DRAWS).clip(0) * (1 - tail / m)
    rest = queries * (below + above * _mean_between(start, scales, bends, np.minimum(shares[:, -1] / above, 1.0)))
    chances = np.exp(-np.exp(-worst))
    none = np.where(in_tail, np.log(-np.expm1(-np.exp(-worst))), 0.0).sum(axis=1) - rest

    def foretold(draws: Floats) -> Foretold:
        low, value, high = np.quantile(draws, [(1 - confidence) / 2, 0.5, (1 + confidence) / 2])
        return Foretold(float(value), float(low), float(high), confidence)

    return RareTail(
        foretold(chances[:, 0]),
        foretold(np.where(in_tail, chances, 0.0).sum(axis=1) + rest),
        foretold(-np.expm1(none)),
        queries / m,
        m,
        queries,
        scale,
        tail,
    )


def _climb(scales: Floats, bends: Floats, folds: Floats) -> Floats:
    """How far the score grows over so many e-folds of queries: generalised Pareto, a line where the bend is 0."""
    return np.asarray((scales / bends)[:, None] * np.expm1(bends[:, None] * folds), dtype=np.float64)


def _mean_between(start: float, scales: Floats, bends: Floats, share: Floats) -> Floats:
    """The integral of the chance over the tail, from a share of it (drawn one by one) to the whole.

    With the share of the tail above a score written exp(-s) the integrand is smooth in s.
    """
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    length = np.log(1 / share)[:, None]
    s = (nodes + 1) / 2 * length
    chances = np.exp(-np.exp(-(start + _climb(scales, bends, s))))
    return np.asarray((chances * np.exp(-s) * weights * length / 2).sum(axis=1), dtype=np.float64)
