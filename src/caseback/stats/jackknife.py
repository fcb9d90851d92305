"""Intervals of any statistic of clustered cases, by leaving each cluster out in turn."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t

Rows = npt.NDArray[np.int_]


@dataclass(frozen=True)
class Jackknifed:
    """A statistic over all cases, with Student's interval of the pseudo-values; infinite with under two clusters."""

    value: float
    low: float
    high: float
    clusters: int
    confidence: float = 0.95


def jackknife(statistic: Callable[[Rows], float], clusters: Sequence[str], confidence: float = 0.95) -> Jackknifed:
    """The delete-one-cluster jackknife (Tukey 1958; Miller, Biometrika 61, 1974).

    An approximation, for statistics that are smooth in the cases, such as correlations; rates have exact intervals
    elsewhere. Where the statistic cannot be told (NaN) with all cases or without a cluster, the interval is infinite.

    Args:
        statistic: of the numbers of the cases that are in.
        clusters: the cluster of each case.
        confidence: between 0 and 1.
    """
    names = np.asarray(clusters)
    kinds = sorted(set(clusters))
    value = statistic(np.arange(len(names)))
    left = [statistic(np.flatnonzero(names != kind)) for kind in kinds] if len(kinds) > 1 else []
    if not left or math.isnan(value) or any(map(math.isnan, left)):
        return Jackknifed(value, -math.inf, math.inf, len(kinds), confidence)
    count = len(left)
    error = math.sqrt((count - 1) / count * sum((each - sum(left) / count) ** 2 for each in left))
    half = float(t.ppf((1 + confidence) / 2, count - 1)) * error
    return Jackknifed(value, value - half, value + half, count, confidence)
