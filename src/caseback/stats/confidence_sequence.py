"""Intervals for a rate that hold at every time at once, however often one looks."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from caseback.stats.betting import checked_counts, checked_levels, log_e_of_mean, log_likelihood, log_mixture

Floats = npt.NDArray[np.float64]

HALVINGS = 36
"""Steps of bisection, on the fourth root of the rate so that rates of 1e-6 are resolved as well."""
GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class ConfidenceSequence:
    """Estimates and bounds at each checkpoint, arrays of one shape.

    With a chance of ``confidence`` at least, *all* of the intervals hold the rate. NaN in both bounds means that no
    rate is left: something that was taken for granted does not hold. ``value`` is NaN before the first trial.
    """

    value: Floats
    low: Floats
    high: Floats
    confidence: float = 0.95


def rate_sequence(events: npt.ArrayLike, trials: npt.ArrayLike, confidence: float = 0.95) -> ConfidenceSequence:
    """For events that happen or not, from counts at checkpoints, which is all that need be kept.

    The rates against which a bet (``log_mixture``) has not won 1 / (1 - confidence) (Ville's inequality), so
    the chance of an event, given the past, is taken to be constant. For a stream of 0 and 1 give ``x.cumsum()`` and
    ``range(1, len(x) + 1)``. The mixture is spread nearly over the logarithm of the rate, so what it loses against
    a bettor who knew the truth hardly grows as that gets rarer. Hedged capital learns how much to stake from a variance
    that starts at 1/4, which costs it width while few events have come.

    Args:
        events: (...) counted from the start.
        trials: (...) counted from the start; 0 gives [0, 1].
        confidence: between 0 and 1.

    Raises:
        ValueError: counts that cannot be, or a confidence outside (0, 1).
    """
    k, n = checked_counts(events, trials)
    value = np.divide(k, n, out=np.zeros_like(n), where=n > 0)
    bet = log_mixture(k, n)
    low, high = acceptable(lambda rate: bet - log_likelihood(k, n, rate), value, confidence)
    return ConfidenceSequence(np.where(n > 0, value, np.nan), low, high, confidence)


def mean_sequence(
    values: npt.ArrayLike, counts: npt.ArrayLike, trials: npt.ArrayLike, confidence: float = 0.95
) -> ConfidenceSequence:
    """For observations in [0, 1] that take few values, such as weighted ones: see ``log_e_of_mean``.

    Its bets are a fixed factor apart, so on very many events it is wider than ``rate_sequence``.

    Args:
        values: (V,) what an observation may be other than 0, in (0, 1].
        counts: (..., V) how often each of them came, from the start.
        trials: (...) observations in all.
        confidence: between 0 and 1.

    Raises:
        ValueError: counts that cannot be, values outside (0, 1], or a confidence outside (0, 1).
    """
    x, c, n = checked_levels(values, counts, trials)

    value = np.divide((c * x).sum(axis=-1), n, out=np.zeros_like(n), where=n > 0)
    # No bet has won anything against the sample's own mean: log(1 + y) <= y, and there the y add up to 0.
    low, high = acceptable(lambda mean: log_e_of_mean(x, c, n, mean), value, confidence)
    return ConfidenceSequence(np.where(n > 0, value, np.nan), low, high, confidence)


def intersected(sequence: ConfidenceSequence) -> ConfidenceSequence:
    """Each interval cut by all before it along the first axis, which costs no confidence where the rate is constant.

    Where it is not, nothing may be left, and that is found with an error of at most 1 - confidence: NaN from then on.

    Raises:
        ValueError: a sequence without an axis of time.
    """
    if sequence.low.ndim < 1:
        raise ValueError(f"bounds of shape {sequence.low.shape} have no axis of time")
    low, high = np.maximum.accumulate(sequence.low), np.minimum.accumulate(sequence.high)
    left = low <= high
    low, high = np.where(left, low, np.nan), np.where(left, high, np.nan)
    return ConfidenceSequence(np.clip(sequence.value, low, high), low, high, sequence.confidence)


def least_spoken_against(evidence: Callable[[Floats], Floats], shape: tuple[int, ...]) -> Floats:
    """Where evidence that is first falling, then rising in the rate is least, by golden section."""
    left, right = np.zeros(shape), np.ones(shape)
    inner = [right - GOLDEN, left + GOLDEN]
    e = [evidence(inner[0] ** 4), evidence(inner[1] ** 4)]
    for _ in range(HALVINGS):
        lower = e[0] <= e[1]
        left, right = np.where(lower, left, inner[0]), np.where(lower, inner[1], right)
        step = GOLDEN * (right - left)
        new = np.where(lower, right - step, left + step)
        found = evidence(new**4)
        inner = [np.where(lower, new, inner[1]), np.where(lower, inner[0], new)]
        e = [np.where(lower, found, e[1]), np.where(lower, e[0], found)]
    return np.asarray(((left + right) / 2) ** 4)


def acceptable(evidence: Callable[[Floats], Floats], inside: Floats, confidence: float) -> tuple[Floats, Floats]:
    """The least and the largest rate against which the logarithmic evidence is below log 1 / (1 - confidence).

    Ends are rounded outwards; NaN where there is no such rate.

    Args:
        evidence: from (...) rates to (...) logarithms, quasi-convex in the rate.
        inside: (...) a rate that is left if any is.
        confidence: between 0 and 1.

    Raises:
        ValueError: a confidence outside (0, 1).
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} is not between 0 and 1")
    enough = -math.log1p(-confidence)
    found = []
    for end in (0.0, 1.0):
        far, near = np.full(inside.shape, end), np.asarray(inside) ** 0.25
        for _ in range(HALVINGS):
            middle = (far + near) / 2
            out = evidence(middle**4) >= enough
            far, near = np.where(out, middle, far), np.where(out, near, middle)
        found.append(np.where(evidence(np.full(inside.shape, end)) < enough, end, far**4))
    left = evidence(inside) < enough
    return np.where(left, found[0], np.nan), np.where(left, found[1], np.nan)
