"""What has not been seen yet: the chance that the next discovery is of a new kind, and how many kinds there are."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import logsumexp

Floats = npt.NDArray[np.float64]

BETS = np.arange(1, 100) / 100
"""The values of t over which the bounds are averaged."""


@dataclass(frozen=True)
class Unseen:
    """The chance that the next of ``n`` discoveries so far is of a kind that is not among them; ``once`` is the number
    of kinds seen once. NaN without discoveries."""

    value: float
    low: float
    high: float
    n: int
    kinds: int
    once: int
    confidence: float = 0.95


def unseen(counts: Mapping[str, int], confidence: float = 0.95) -> Unseen:
    """Good and Turing's estimate, kinds seen once over discoveries (Good, Biometrika 40, 1953), with an interval.

    The interval needs nothing known of the kinds, their number or their shares. For a kind that is discovered
    Poisson(c) times and t between 0 and 1, the mean of ``exp(t c)`` where it was never seen and ``1 - t^k`` where it
    was seen k times is exactly 1, since ``exp(t c) - 1`` is the sum of ``t^k c^k / k!``. So is that of the product over
    all kinds, and of its average over values of t; by Markov's inequality that passes ``2 / (1 - confidence)`` at most
    half as often as the interval may err, and grows with the unseen mass: the high limit is where it does. With ``-t``
    for t the same gives the low one. It is the exponential argument of McAllester and Schapire's bound (Conference on
    Learning Theory, 2000) and of Ben-Hamou, Boucheron and Ohannessian's (Bernoulli 23, 2017) with the counts in place
    of their expectations, and unlike the normal interval (Esty, Annals of Statistics 11, 1983) it has a width where no
    kind was seen once. It covers for certain where the number of discoveries is itself Poisson; with a fixed number
    that was checked by simulation, in which it errs in fewer than 1 % of cases: safe, and wider than it need be.

    Raises:
        ValueError: a count below 0, or a confidence outside (0, 1).
    """
    seen = _seen(counts)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} is not between 0 and 1")
    n, once = int(seen.sum()), int((seen == 1).sum())
    if not n:
        return Unseen(math.nan, 0.0, 1.0, 0, 0, 0, confidence)
    bar = math.log(2 / (1 - confidence))
    rising, falling = _log_product(seen, BETS), _log_product(seen, -BETS)

    def above(mass: float) -> float:
        return float(logsumexp(rising + BETS * n * mass)) - math.log(len(BETS)) - bar

    def below(mass: float) -> float:
        return float(logsumexp(falling - BETS * n * mass)) - math.log(len(BETS)) - bar

    high = brentq(above, 0.0, 1.0) if above(0.0) < 0 < above(1.0) else 1.0
    low = brentq(below, 0.0, 1.0) if below(1.0) < 0 < below(0.0) else 0.0
    value = once / n
    return Unseen(value, min(low, value), max(high, value), n, len(seen), once, confidence)


def least_kinds(counts: Mapping[str, int]) -> float:
    """Chao's lower bound for the number of kinds (Scandinavian Journal of Statistics 11, 1984), bias-corrected.

    With f1 and f2 kinds seen once and twice, at least ``f1 (f1 - 1) / (2 (f2 + 1))`` are unseen (times (n - 1) / n).
    That is below the truth on average, whatever the shares of the kinds; it is no confidence limit.

    Raises:
        ValueError: a count below 0.
    """
    seen = _seen(counts)
    n, once, twice = int(seen.sum()), int((seen == 1).sum()), int((seen == 2).sum())
    return len(seen) + (n - 1) / n * once * (once - 1) / (2 * (twice + 1)) if n else 0.0


def _seen(counts: Mapping[str, int]) -> npt.NDArray[np.int64]:
    """The counts above 0."""
    for kind, count in counts.items():
        if count < 0:
            raise ValueError(f"{kind} was seen {count} times")
    return np.array([count for count in counts.values() if count], dtype=np.int64)


def _log_product(seen: npt.NDArray[np.int64], bets: Floats) -> Floats:
    """For each t the logarithm of the product of 1 - t^k over the kinds seen k times."""
    times, kinds = np.unique(seen, return_counts=True)
    return np.asarray((kinds * np.log1p(-(bets[:, None] ** times))).sum(axis=1), dtype=np.float64)
