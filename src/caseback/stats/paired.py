"""Differences between two proportions measured on the same cases."""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binomtest

from caseback.stats.rate import exact_rate


@dataclass(frozen=True)
class PairedDifference:
    """How much more often an event happened in the first arm than in the second, over n pairs.

    ``first_only`` and ``second_only`` count the discordant pairs; ``p`` is the two-sided p-value of no difference:
    McNemar's exact one for independent pairs, that of flipped clusters where pairs come in clusters.
    """

    first_only: int
    second_only: int
    n: int
    low: float
    high: float
    p: float
    confidence: float = 0.95

    @property
    def value(self) -> float:
        """(first_only - second_only) / n; NaN without pairs."""
        return (self.first_only - self.second_only) / self.n if self.n else float("nan")


def mcnemar_exact(first_only: int, second_only: int) -> float:
    """McNemar's test in its exact form (Psychometrika 12, 1947; Liddell, J. Epidemiol. Community Health 37, 1983).

    Given the number of discordant pairs, either direction is equally likely under no difference: a two-sided binomial
    test. Without discordant pairs the p-value is 1.
    """
    discordant = first_only + second_only
    return float(binomtest(first_only, discordant, 0.5).pvalue) if discordant else 1.0


def paired_difference(first: Sequence[bool], second: Sequence[bool], confidence: float = 0.95) -> PairedDifference:
    """The difference of two paired proportions with an interval that covers at least at its confidence for every n.

    With d the share of discordant pairs and t the share of them that point to the first arm, the difference is
    d (2t - 1). Clopper and Pearson's intervals for d and, given the discordant pairs, for t share the error, a quarter
    and three quarters of it (Bonferroni), so the joint box covers for certain, at zero discordant pairs as well; the
    most that the difference can be over that box is the interval. It is a little wider than Newcombe's score interval
    (Statistics in Medicine 17, 1998), whose coverage is only approximate.

    Args:
        first: Whether the event happened in the first arm, one per pair.
        second: The same for the second arm, in the same order.
        confidence: Coverage to hold, between 0 and 1.

    Raises:
        ValueError: where the arms differ in length.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} cases in the first arm and {len(second)} in the second: they must be pairs")
    first_only = sum(a and not b for a, b in zip(first, second, strict=True))
    second_only = sum(b and not a for a, b in zip(first, second, strict=True))
    error = 1 - confidence
    discordant = exact_rate(first_only + second_only, len(first), 1 - error / 4)
    towards_first = exact_rate(first_only, first_only + second_only, 1 - 3 * error / 4)
    lean_low, lean_high = 2 * towards_first.low - 1, 2 * towards_first.high - 1
    low = lean_low * (discordant.high if lean_low < 0 else discordant.low)
    high = lean_high * (discordant.high if lean_high > 0 else discordant.low)
    p = mcnemar_exact(first_only, second_only)
    return PairedDifference(first_only, second_only, len(first), low, high, p, confidence)
