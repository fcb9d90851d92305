"""Whether several assays miss the same models, and what they catch together."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.rate import Rate

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PairOfAssays:
    """How often two assays missed the same organism.

    Attributes:
        first: One assay.
        second: The other.
        both: Organisms that both missed.
        if_independent: What the product of their own misses would make of that rate.
        phi: Correlation of their misses; NaN where one of them missed all or none.
    """

    first: str
    second: str
    both: Rate
    if_independent: float
    phi: float


@dataclass(frozen=True)
class JointMisses:
    """What assays missed on the same organisms.

    Attributes:
        missed: Misses of each assay alone: the diagonal of the matrix of joint misses.
        pairs: The rest of that matrix, every two assays once.
        effective: How many assays that miss independently of one another they are worth; NaN where no pair has a phi.
        union: Organisms on which any of them raised an alarm.
        if_independent: What the product of their misses would make of that rate.
    """

    missed: Mapping[str, Rate]
    pairs: tuple[PairOfAssays, ...]
    effective: float
    union: Rate
    if_independent: float


def joint_misses(
    alarms: Mapping[str, Sequence[bool]], clusters: Sequence[str], confidence: float = 0.95
) -> JointMisses:
    """Combine assays by the misses that they were seen to share, never by the product of their own.

    Two assays that each miss a fifth both miss 4 % where they are independent, 12 % at a correlation of 0.5. ``phi`` is
    Pearson's for two yes-or-no variables (Yule, Journal of the Royal Statistical Society 75, 1912). ``effective`` is
    Kish's k / (1 + (k - 1) r), with r the mean phi over pairs (Survey Sampling, 1965, section 5.4: k alike measurements
    of correlation r have together the variance of so many independent ones), never below 1 nor above k. Assays that
    complement one another (r below 0) count as k. ``union`` needs no such number: it is counted.

    Args:
        alarms: for each assay whether it raised an alarm, organism by organism. One that could not be told is a miss.
        clusters: the cluster of each organism, such as its recipe.
        confidence: of every interval.

    Raises:
        ValueError: no assays, or unequal lengths.
    """
    if not alarms:
        raise ValueError("no assays: give at least one")
    for assay, raised in alarms.items():
        if len(raised) != len(clusters):
            raise ValueError(f"{assay} has {len(raised)} alarms of {len(clusters)} organisms")
    misses = {assay: ~np.asarray(raised, dtype=bool) for assay, raised in alarms.items()}

    def rate(events: Bools) -> Rate:
        return clustered_rate(by_cluster(clusters, events.tolist()), confidence)

    missed = {assay: rate(events) for assay, events in misses.items()}
    pairs = tuple(
        PairOfAssays(a, b, rate(misses[a] & misses[b]), missed[a].value * missed[b].value, phi(misses[a], misses[b]))
        for a, b in itertools.combinations(misses, 2)
    )
    return JointMisses(
        missed,
        pairs,
        effective_assays([pair.phi for pair in pairs]) if pairs else 1.0,
        rate(~np.logical_and.reduce(list(misses.values()))),
        1 - math.prod(each.value for each in missed.values()),
    )


def phi(first: Bools, second: Bools) -> float:
    """The correlation of two yes-or-no variables; NaN where one of them does not vary."""
    if not len(first) or first.all() or second.all() or not first.any() or not second.any():
        return math.nan
    a, b, both = float(first.mean()), float(second.mean()), float((first & second).mean())
    return (both - a * b) / math.sqrt(a * (1 - a) * b * (1 - b))


def effective_assays(phis: Sequence[float]) -> float:
    """Kish's effective number from the phi of every pair of k assays; pairs without one are left out of the mean."""
    k = (1 + math.isqrt(1 + 8 * len(phis))) // 2
    told = [each for each in phis if not math.isnan(each)]
    if not told:
        return math.nan
    return k / (1 + (k - 1) * min(1.0, max(0.0, sum(told) / len(told))))
