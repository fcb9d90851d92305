"""How many votes a panel is worth whose members err together, and what its majority would do if they did not."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from caseback.stats.joint_misses import phi

Wrongs = npt.NDArray[np.float64]
"""[judges, cases]: 1 where a judge is wrong, 0 where it is right, NaN where it did not answer."""


def mean_error_correlation(wrong: Wrongs) -> float:
    """Mean over pairs of judges of the correlation (phi) of being wrong, on the cases that both answered.

    Pairs of which one is always right or always wrong on those have none, and are left out; NaN where all are.
    """
    found = []
    for a, b in itertools.combinations(wrong, 2):
        both = ~(np.isnan(a) | np.isnan(b))
        found.append(phi(a[both] == 1, b[both] == 1))
    told = [each for each in found if not math.isnan(each)]
    return sum(told) / len(told) if told else math.nan


def effective_votes(wrong: Wrongs) -> float:
    """What these judges are worth together, as ``votes_at`` tells it of the mean correlation of their errors."""
    return votes_at(mean_error_correlation(wrong), len(wrong))


def votes_at(r: float, k: int) -> float:
    """Kish's k / (1 + (k - 1) r), r the mean correlation of errors (Survey Sampling, 1965): between 1 and k.

    Negative correlation counts as none. NaN where there is no correlation to tell.
    """
    return math.nan if math.isnan(r) else k / (1 + (k - 1) * min(1.0, max(0.0, r)))


def majority_wrong(wrong: Wrongs) -> npt.NDArray[np.float64]:
    """For each case whether more than half of those judges that answered are wrong: 1, 0, 0.5 for a tie; NaN where
    nobody answered."""
    answered = (~np.isnan(wrong)).sum(axis=0)
    errors = np.nansum(wrong, axis=0)
    decided = np.where(2 * errors > answered, 1.0, np.where(2 * errors == answered, 0.5, 0.0))
    return np.where(answered == 0, np.nan, decided)


def majority_wrong_if_independent(rates: Sequence[float]) -> float:
    """How often the majority is wrong of judges that err at these rates independently (Condorcet 1785; the count of
    errors is Poisson-binomial). A tie counts half.

    Raises:
        ValueError: no judges, or a rate outside [0, 1].
    """
    if not rates or not all(0 <= rate <= 1 for rate in rates):
        raise ValueError(f"rates {list(rates)}: give at least one, each between 0 and 1")
    counts = np.array([1.0])
    for rate in rates:
        counts = np.convolve(counts, [1 - rate, rate])
    k = len(rates)
    errors = np.arange(k + 1)
    return float(counts[2 * errors > k].sum() + counts[2 * errors == k].sum() / 2)


def joint_bounds(rates: Sequence[float]) -> tuple[float, float]:
    """Between which all layers fail together whatever their dependence, from each one's own rate of failing (Fréchet,
    Fundamenta Mathematicae 25, 1935): max(0, 1 - sum of (1 - rate)) and the smallest rate.

    Raises:
        ValueError: no layers.
    """
    if not rates:
        raise ValueError("no layers: give at least one")
    return max(0.0, 1 - sum(1 - rate for rate in rates)), min(rates)
