"""One point of a curve: a rate, what it changed by, and what the model could do there."""

from collections.abc import Sequence
from dataclasses import dataclass

from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.clustered_paired import clustered_difference
from caseback.stats.crossed import crossed_difference
from caseback.stats.paired import PairedDifference
from caseback.stats.rate import Rate
from caseback.training.depth.trial import Ability, Outcomes, Trial, counts


@dataclass(frozen=True)
class Point:
    """The rate of the behaviour at ``x``, over the situations where it could be told; ``unknown`` are the others.

    ``change`` is the rate less that at the reference, on the situations told in both, with an interval that allows for
    families, as that of the rate does; None at the reference itself. ``right`` is the rate of right answers to the
    questions of ability; None where they were not put again.
    """

    x: float
    rate: Rate
    unknown: int
    change: PairedDifference | None = None
    right: Rate | None = None


def point(
    trial: Trial, x: float, outcomes: Outcomes, reference: Outcomes | None = None, able: Sequence[Ability] = ()
) -> Point:
    """The point at ``x``; ``outcomes`` and ``reference`` are one per situation of the trial, or of several rounds."""
    rounds = len(outcomes) // len(trial.families)
    families = trial.families * rounds
    seeds = [seed for seed in range(rounds) for _ in trial.families]
    return Point(
        x=x,
        rate=clustered_rate(counts(families, outcomes)),
        unknown=sum(outcome is None for outcome in outcomes),
        change=None if reference is None else difference(outcomes, reference, families, seeds),
        right=right_rate(trial, able) if able else None,
    )


def difference(
    first: Outcomes,
    second: Outcomes,
    families: Sequence[str],
    seeds: Sequence[int] = (),
    confidence: float = 0.95,
) -> PairedDifference:
    """First less second, on what could be told in both; the interval speaks of new families, and of new seeds too where
    there are several."""
    told = [i for i, pair in enumerate(zip(first, second, strict=True)) if None not in pair]
    firsts, seconds = ([bool(each[i]) for i in told] for each in (first, second))
    labels = [families[i] for i in told]
    if len(set(seeds)) > 1:
        return crossed_difference(firsts, seconds, labels, [seeds[i] for i in told], confidence)
    return clustered_difference(firsts, seconds, labels, confidence)


def right_rate(trial: Trial, able: Sequence[Ability]) -> Rate:
    """Right answers over all questions, put once or in several rounds."""
    families = [question.family for _ in able for question in trial.questions]
    return clustered_rate(by_cluster(families, [answer for each in able for answer in each.right]))
