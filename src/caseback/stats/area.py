"""The area under a curve of rates."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from caseback.stats.clustered import clustered_rate


@dataclass(frozen=True)
class Area:
    """Area under a curve of rates, as a share of the most that it could be: in [0, 1]."""

    value: float
    low: float
    high: float
    confidence: float = 0.95


def area(xs: Sequence[float], counts: Sequence[Mapping[str, tuple[int, int]]], confidence: float = 0.95) -> Area | None:
    """The area under the rates at ``xs``, joined by straight lines, over the width of ``xs``; None where a rate is
    missing or there are fewer than two.

    The area is a sum of the rates with weights above 0, so the sum of their lower limits bounds it from below, and of
    their upper limits from above, where all of them hold at once: each rate's interval, which allows for clusters, is
    taken at ``1 - (1 - confidence) / len(xs)`` (Bonferroni). That covers at every n, and is wide.

    Args:
        xs: rising.
        counts: for each x the (events, trials) of every cluster.
        confidence: between 0 and 1.
    """
    if len(xs) < 2 or not all(sum(n for _, n in each.values()) for each in counts):
        return None
    each = 1 - (1 - confidence) / len(xs)
    rates = [clustered_rate(part, each) for part in counts]
    steps = [b - a for a, b in itertools.pairwise(xs)]
    weights = [
        (left + right) / (2 * (xs[-1] - xs[0])) for left, right in zip([0.0, *steps], [*steps, 0.0], strict=True)
    ]
    value, low, high = (
        sum(weight * getattr(rate, name) for weight, rate in zip(weights, rates, strict=True))
        for name in ("value", "low", "high")
    )
    return Area(value, low, high, confidence)
