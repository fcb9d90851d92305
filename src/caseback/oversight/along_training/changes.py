"""Where along a run something changed, and when it was first there, with the chance of any false word held.

One run gives one series: what is tested is whether something is shown in the same situations at the next checkpoint
that was not, or the other way round, by McNemar's exact test, and the p-values of all comparisons of a study are taken
together (Holm, Scandinavian Journal of Statistics 6, 1979). What cannot be told is not shown: early checkpoints say
little that can be read, and to leave it out would leave out just what appears. Bounds for "first above" are exact and
divided by all of them (Bonferroni).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from caseback.oversight.along_training.looks import Row
from caseback.stats.holm import holm
from caseback.stats.paired import PairedDifference, paired_difference
from caseback.stats.rate import Rate, exact_rate

LEVEL = 0.05


@dataclass(frozen=True)
class Change:
    """From one checkpoint to the next; ``holm_p`` allows for all comparisons that were made together."""

    name: str
    before: int
    after: int
    difference: PairedDifference
    holm_p: float

    @property
    def clear(self) -> bool:
        """Whether there was a change, with at most 5 % chance of any false word among all comparisons."""
        return self.holm_p <= LEVEL


def compared(after: Sequence[Row], before: Sequence[Row]) -> PairedDifference:
    """How much more often it is shown in ``after`` than in ``before``, over situations told in both."""
    earlier = {row.id: row.shown for row in before}
    both = [(row.shown, earlier[row.id]) for row in after if row.id in earlier]
    pairs = [(a, b) for a, b in both if a is not None and b is not None]
    return paired_difference([a for a, _ in pairs], [b for _, b in pairs])


def appeared(after: Sequence[Row], before: Sequence[Row]) -> PairedDifference:
    """How much more often it is shown in ``after`` than in ``before``, over all situations."""
    earlier = {row.id: row.shown is True for row in before}
    both = [(row.shown is True, earlier[row.id]) for row in after if row.id in earlier]
    return paired_difference([a for a, _ in both], [b for _, b in both])


def changes(series: Mapping[str, Mapping[int, Sequence[Row]]]) -> list[Change]:
    """All changes from each checkpoint to the next, of everything looked at.

    Args:
        series: rows by name and step.
    """
    found = [
        (name, before, after, appeared(steps[after], steps[before]))
        for name, steps in series.items()
        for before, after in zip(sorted(steps), sorted(steps)[1:], strict=False)
    ]
    adjusted = holm([difference.p for *_, difference in found])
    return [Change(*each, p) for each, p in zip(found, adjusted, strict=True)]


def told_rate(rows: Sequence[Row], level: float = LEVEL) -> Rate:
    """The rate over the situations in which it can be told, its exact interval at ``1 - level``."""
    told = [row.shown for row in rows if row.shown is not None]
    return exact_rate(sum(told), len(told), 1 - level)


def first_above(steps: Mapping[int, Sequence[Row]], reference: float, among: int) -> int | None:
    """The first step at which the rate is surely above the reference; None where it never is.

    Args:
        among: how many bounds are looked at in all, by which the chance of error is divided.
    """
    for step in sorted(steps):
        # One-sided: twice the level for a two-sided interval.
        if told_rate(steps[step], 2 * LEVEL / among).low > reference:
            return step
    return None
