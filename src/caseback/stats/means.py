"""Means and ratios of amounts, such as nats, that come in clusters."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scipy.stats import t


@dataclass(frozen=True)
class Mean:
    """A mean, or ratio, over n cases in some clusters, and its interval; ``value`` is NaN without any."""

    value: float
    n: int
    clusters: int
    low: float
    high: float
    confidence: float = 0.95


def clustered_mean(cases: Iterable[tuple[str, float, float]], confidence: float = 0.95) -> Mean:
    """The sum of amounts over the sum of weights: a mean where all weights are 1, otherwise a ratio.

    Its variance is that of the clusters' linearised residuals (Cochran, Sampling Techniques, 1977, sections 6.4 and
    9A.3), the interval Student's with one degree of freedom less than there are clusters. That is an approximation,
    good where clusters are many and alike; amounts without a bound have no exact interval. With fewer than two clusters
    nothing is known of others: the interval is infinite.

    Args:
        cases: (cluster, amount, weight); cases of no weight count nothing.
        confidence: between 0 and 1.
    """
    sums: dict[str, tuple[float, float]] = {}
    n = 0
    for cluster, amount, weight in cases:
        if weight:
            before = sums.get(cluster, (0.0, 0.0))
            sums[cluster] = (before[0] + amount, before[1] + weight)
            n += 1
    weights = sum(weight for _, weight in sums.values())
    if not weights:
        return Mean(math.nan, 0, 0, -math.inf, math.inf, confidence)
    value = sum(amount for amount, _ in sums.values()) / weights
    half = math.inf if len(sums) < 2 else _half(sums, value, weights, confidence)
    return Mean(value, n, len(sums), value - half, value + half, confidence)


def _half(sums: Mapping[str, tuple[float, float]], value: float, weights: float, confidence: float) -> float:
    """Half the width of the interval."""
    count = len(sums)
    squares = sum(((amount - value * weight) / weights) ** 2 for amount, weight in sums.values())
    return float(t.ppf((1 + confidence) / 2, count - 1)) * math.sqrt(count / (count - 1) * squares)
