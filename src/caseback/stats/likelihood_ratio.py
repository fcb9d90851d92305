"""How far a finding, or the lack of one, moves the odds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from caseback.stats.clustered import clustered_rate
from caseback.stats.rate import Rate, exact_rate


@dataclass(frozen=True)
class LikelihoodRatio:
    """What the odds are multiplied by. ``confidence`` is that of either limit on its own side.

    ``value`` is NaN where nothing was measured, or the outcome was never seen in either class; infinite where it was
    seen in the guilty alone.
    """

    value: float
    low: float
    high: float
    confidence: float = 0.95


@dataclass(frozen=True)
class LikelihoodRatios:
    """``positive`` is that of an alarm, Se / (1 - Sp); ``negative`` that of none, (1 - Se) / Sp."""

    positive: LikelihoodRatio
    negative: LikelihoodRatio
    sensitivity: Rate
    false_alarms: Rate


@dataclass(frozen=True)
class Posterior:
    """The chance of guilt after a result, for a reader who held it to be ``prior`` before."""

    prior: float
    value: float
    low: float
    high: float
    confidence: float = 0.95


def likelihood_ratios(
    caught: Mapping[str, tuple[int, int]], alarmed: Mapping[str, tuple[int, int]], confidence: float = 0.95
) -> LikelihoodRatios:
    """The likelihood ratios of an alarm and of none, from clustered counts of models.

    The limits are what the ratios can be over the box of both rates' intervals (Koopman, Biometrics 40, 1984, has
    closer ones for independent cases alone). The error is shared between the two rates (Bonferroni), and what a
    verdict rests on, the low limit of ``positive`` and the high one of ``negative``, both follow from the same two
    bounds: sensitivity at least, false alarms at most. So those two hold together at ``confidence``, and so do the
    other two.

    Args:
        caught: (alarms, organisms) of each cluster, such as a recipe.
        alarmed: (false alarms, twins) of each cluster.
        confidence: of either limit, between 0 and 1. As an interval the two hold at ``2 * confidence - 1`` for
            certain; counted over all outcomes of 3 to 60 independent models a class, they did at ``confidence`` too.
    """
    return _from_rates(clustered_rate(caught, confidence), clustered_rate(alarmed, confidence))


def exact_likelihood_ratios(
    caught: tuple[int, int], alarmed: tuple[int, int], confidence: float = 0.95
) -> LikelihoodRatios:
    """The same from (alarms, organisms) and (false alarms, twins) that are independent of one another.

    With all of n organisms caught and all of n twins passed the ratio of no alarm is at most (1 - b) / b, where
    b = 0.025^(1/n): 0.203 for 20 of each.
    """
    return _from_rates(exact_rate(*caught, confidence), exact_rate(*alarmed, confidence))


def posterior(priors: Sequence[float], ratio: LikelihoodRatio) -> tuple[Posterior, ...]:
    """Bayes' rule in odds, for each of a range of priors: which one to hold is the reader's affair.

    Raises:
        ValueError: a prior that is not between 0 and 1.
    """
    for prior in priors:
        if not 0 < prior < 1:
            raise ValueError(f"prior {prior} is not between 0 and 1")
    return tuple(
        Posterior(
            prior, _moved(prior, ratio.value), _moved(prior, ratio.low), _moved(prior, ratio.high), ratio.confidence
        )
        for prior in priors
    )


def _from_rates(caught: Rate, alarmed: Rate) -> LikelihoodRatios:
    # A two-sided interval errs on each side half as often as it may in all, and a limit rests on one side of each rate.
    positive = LikelihoodRatio(
        _quotient(caught.value, alarmed.value),
        _quotient(caught.low, alarmed.high),
        _quotient(caught.high, alarmed.low),
        caught.confidence,
    )
    negative = LikelihoodRatio(
        _quotient(1 - caught.value, 1 - alarmed.value),
        _quotient(1 - caught.high, 1 - alarmed.low),
        _quotient(1 - caught.low, 1 - alarmed.high),
        caught.confidence,
    )
    return LikelihoodRatios(positive, negative, caught, alarmed)


def _quotient(above: float, below: float) -> float:
    """NaN for 0 / 0."""
    if below:
        return above / below
    return math.inf if above > 0 else math.nan


def _moved(prior: float, ratio: float) -> float:
    if math.isinf(ratio):
        return 1.0
    odds = prior / (1 - prior) * ratio
    return odds / (1 + odds)
