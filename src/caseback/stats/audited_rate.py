"""The true rate of violations behind a detector that errs and audits that sample, with bounds valid at any time."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from caseback.stats.betting import checked_counts, checked_levels, log_e_of_mean, log_likelihood, log_mixture
from caseback.stats.confidence_sequence import ConfidenceSequence, acceptable, least_spoken_against, mean_sequence
from caseback.stats.rate import Rate

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class OperatingPoint:
    """How often a detector flags a violation, and how often anything else, each with an interval of its own confidence.

    ``exact_rate`` on labelled cases makes them; what is known for certain is ``Rate(0, 0, p, p, confidence=1)``.
    """

    sensitivity: Rate
    false_positives: Rate

    @property
    def error(self) -> float:
        """The chance that either interval misses, at most (Bonferroni)."""
        return (1 - self.sensitivity.confidence) + (1 - self.false_positives.confidence)


@dataclass(frozen=True)
class Watched:
    """What a monitor has counted by each checkpoint, from the start.

    An audit tells whether an exchange was a violation. Who is audited is drawn with a probability that is known and
    may depend on all that is seen of the exchange, never on the audit's outcome. All the probabilities that will be
    used are listed; the least of them, the random slice, must be fixed before the start.

    Attributes:
        exchanges: (...) seen.
        flagged: (...) of them flagged.
        confirmed: (..., F) flagged ones that were audited and found to be violations, by probability of audit.
        missed: (..., U) ones not flagged that were audited and found to be violations, by probability of audit.
        flagged_inclusion: (F,) those probabilities, in (0, 1].
        other_inclusion: (U,) the same for exchanges that are not flagged.

    Raises:
        ValueError: counts that cannot be, or a probability outside (0, 1].
    """

    exchanges: npt.ArrayLike
    flagged: npt.ArrayLike
    confirmed: npt.ArrayLike
    missed: npt.ArrayLike
    flagged_inclusion: npt.ArrayLike
    other_inclusion: npt.ArrayLike

    def __post_init__(self) -> None:
        """See the class."""
        flagged, exchanges = checked_counts(self.flagged, self.exchanges)
        checked_levels(self.flagged_inclusion, self.confirmed, flagged)
        checked_levels(self.other_inclusion, self.missed, exchanges - flagged)


def audited_rate(watched: Watched, confidence: float = 0.95) -> ConfidenceSequence:
    """From the audits alone: nothing is assumed of the detector.

    A violation found counts as one over its probability of audit (Horvitz and Thompson, JASA 47, 1952), all else as
    0: the mean is the rate, and one over the random slice bounds the weights. Scaled to [0, 1] they go into
    ``mean_sequence``. Assumed: audits are right, and the rate is constant.

    Raises:
        ValueError: a confidence outside (0, 1).
    """
    least, values, counts = _weighted(watched)
    found = mean_sequence(values, counts, watched.exchanges, confidence)
    low, high = np.minimum(found.low / least, 1.0), np.minimum(found.high / least, 1.0)
    return ConfidenceSequence(np.clip(found.value / least, low, high), low, high, confidence)


def flagged_rate(watched: Watched, point: OperatingPoint, confidence: float = 0.95) -> ConfidenceSequence:
    """From the detector's counts alone, corrected for its errors.

    The share flagged is rate * sensitivity + (1 - rate) * false positives (Rogan and Gladen, American Journal of
    Epidemiology 107, 1978). A rate is kept if any sensitivity and any false-positive rate of their intervals explain
    the counts; the error is shared among the three (Bonferroni). Assumed: the operating point holds in this traffic,
    and rate and operating point are constant.

    Raises:
        ValueError: a detector that may be no better than chance, or intervals that leave no error for the counts.
    """
    _, low, high = _left(_by_flags(watched, point), watched, point, confidence)
    se, fp = _middle(point.sensitivity), _middle(point.false_positives)
    n = np.asarray(watched.exchanges, dtype=np.float64)
    share = np.divide(watched.flagged, n, out=np.full(n.shape, np.nan), where=n > 0)
    # An estimate beyond its own bounds, such as a negative rate, is brought to the nearer one.
    return ConfidenceSequence(np.clip((share - fp) / (se - fp), low, high), low, high, confidence)


def combined_rate(watched: Watched, point: OperatingPoint, confidence: float = 0.95) -> ConfidenceSequence:
    """From both together: the mean of three bets against each rate, which is as valid as any one of them.

    Against a rate bet the audits (``audited_rate``), the flags (``flagged_rate``), and the flags that audits confirmed,
    which come at rate * sensitivity whatever the false-positive rate: for rare violations they tell most, as false
    flags outnumber true ones. Each bet is log-convex in the rate, so their mean is, and what is left is an interval.
    The value is the rate that they speak least against; NaN bounds say that audits and operating point contradict one
    another. Assumed: all that the other two assume.

    Raises:
        ValueError: as for ``flagged_rate``.
    """
    least, values, counts = _weighted(watched)
    flags, confirmed = _by_flags(watched, point), _by_confirmed(watched, point)

    def evidence(rate: Floats) -> Floats:
        audits = log_e_of_mean(values, counts, watched.exchanges, rate * least)
        return np.asarray(logsumexp([audits, flags(rate), confirmed(rate)], axis=0) - math.log(3))

    value, low, high = _left(evidence, watched, point, confidence)
    value = np.where(np.asarray(watched.exchanges) > 0, np.clip(value, low, high), np.nan)
    return ConfidenceSequence(value, low, high, confidence)


def flag_budget(point: OperatingPoint, budget: float) -> float:
    """The largest share flagged that a rate of ``budget`` at most explains: what a budget for flags must be.

    An alarm of ``rate_budget`` on flags against it errs with a chance of its alpha and ``point.error`` together.

    Raises:
        ValueError: a budget outside (0, 1), or a detector that may be no better than chance.
    """
    if not 0 < budget < 1:
        raise ValueError(f"a budget of {budget} is not between 0 and 1")
    _better_than_chance(point)
    return budget * point.sensitivity.high + (1 - budget) * point.false_positives.high


def _weighted(watched: Watched) -> tuple[float, Floats, Floats]:
    """The least probability of audit, and values and counts of the weights times it."""
    inclusion = np.concatenate([np.asarray(watched.flagged_inclusion), np.asarray(watched.other_inclusion)])
    counts = np.concatenate([np.asarray(watched.confirmed), np.asarray(watched.missed)], axis=-1, dtype=np.float64)
    return float(inclusion.min()), np.asarray(inclusion.min() / inclusion), counts


def _by_flags(watched: Watched, point: OperatingPoint) -> Callable[[Floats], Floats]:
    k, n = checked_counts(watched.flagged, watched.exchanges)
    share = np.divide(k, n, out=np.zeros_like(n), where=n > 0)
    bet, se, fp = log_mixture(k, n), point.sensitivity, point.false_positives

    def evidence(rate: Floats) -> Floats:
        least, most = (rate * a + (1 - rate) * b for a, b in ((se.low, fp.low), (se.high, fp.high)))
        return bet - log_likelihood(k, n, np.clip(share, least, most))

    return evidence


def _by_confirmed(watched: Watched, point: OperatingPoint) -> Callable[[Floats], Floats]:
    least = float(np.min(watched.flagged_inclusion))
    values, se = least / np.asarray(watched.flagged_inclusion, dtype=np.float64), point.sensitivity

    def against(mean: Floats) -> Floats:
        return log_e_of_mean(values, watched.confirmed, watched.exchanges, mean)

    mean = least_spoken_against(against, np.shape(watched.exchanges))
    return lambda rate: against(np.clip(mean, rate * se.low * least, rate * se.high * least))


def _left(
    evidence: Callable[[Floats], Floats], watched: Watched, point: OperatingPoint, confidence: float
) -> tuple[Floats, Floats, Floats]:
    """The rate least spoken against, and the bounds of those left, at what the operating point leaves of the error."""
    _better_than_chance(point)
    if not confidence + point.error < 1:
        raise ValueError(f"intervals that miss with {point.error:g} leave no error for a confidence of {confidence}")
    value = least_spoken_against(evidence, np.shape(watched.exchanges))
    return value, *acceptable(evidence, value, confidence + point.error)


def _better_than_chance(point: OperatingPoint) -> None:
    se, fp = point.sensitivity, point.false_positives
    if not 0 <= fp.low <= fp.high < se.low <= se.high <= 1:
        raise ValueError(f"sensitivity [{se.low}, {se.high}] does not lie above false positives [{fp.low}, {fp.high}]")


def _middle(rate: Rate) -> float:
    return rate.value if rate.n else (rate.low + rate.high) / 2
