"""Main effects and two-way interactions of conditions with two levels each, on the same cases in every cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from caseback.stats.clustered_paired import clustered_difference, clusters_needed, difference_by_cluster, joint_p

Cell = tuple[int, ...]
"""The level, 0 or 1, of every condition in order."""
Pairs = tuple[list[bool], list[bool], list[str]]


@dataclass(frozen=True)
class Effect:
    """What one condition does, or what two do together.

    ``value`` of a main effect is the difference in rate between its levels, in the mean over the cells of the others;
    of an interaction, how much larger the effect of the first is at the second's level 1 than at its level 0, between
    -2 and 2; NaN without any pair. ``p`` is its own, ``joint_p`` allows for all effects looked at together. ``n``
    counts the pairs of outcomes that it rests on.
    """

    of: tuple[int, ...]
    value: float
    low: float
    high: float
    n: int
    p: float
    joint_p: float


def effects(
    cells: Mapping[Cell, Sequence[bool | None]], families: Sequence[str], cases: Sequence[str], confidence: float = 0.95
) -> tuple[list[Effect], bool]:
    """Every main effect, then every two-way interaction (Box, Hunter and Hunter, Statistics for Experimenters, 1978,
    chapter 10), and whether their intervals speak of new families.

    Both are means of paired differences: for an interaction, a pair holds the effect of one condition where the other
    is on, and a second pair, turned about, where it is off. So both take the exact interval of paired differences that
    come in clusters (``clustered_difference``). Clusters are families where there are enough of them for any interval
    to be narrower than everything; otherwise cases, and then nothing is said of other families.

    Args:
        cells: for each of all 2^k cells the outcome of every case, None where it could not be told.
        families: the family of each case.
        cases: the name of each case, the same in all cells.
        confidence: coverage of each interval by itself, between 0 and 1.

    Raises:
        ValueError: a cell is missing, or holds another number of cases.
    """
    k = len(next(iter(cells)))
    if set(cells) != {tuple(number >> i & 1 for i in range(k)) for number in range(2**k)}:
        raise ValueError(f"{len(cells)} cells of {2**k}")
    if any(len(row) != len(cases) for row in cells.values()) or len(families) != len(cases):
        raise ValueError("every cell needs an outcome of every case")
    by_family = len(set(families)) >= clusters_needed(confidence)
    labels = families if by_family else cases
    wanted = [*((i,) for i in range(k)), *combinations(range(k), 2)]
    paired = {of: _pairs(cells, labels, of) for of in wanted}
    joint = joint_p({str(of): difference_by_cluster(named, a, b) for of, (a, b, named) in paired.items()})
    found = []
    for of, (first, second, named) in paired.items():
        change, scale = clustered_difference(first, second, named, confidence), len(of)
        found.append(
            Effect(
                of, scale * change.value, scale * change.low, scale * change.high, change.n, change.p, joint[str(of)]
            )
        )
    return found, by_family


def _pairs(cells: Mapping[Cell, Sequence[bool | None]], labels: Sequence[str], of: tuple[int, ...]) -> Pairs:
    """Both sides of every paired difference that the effect is a mean of, and their clusters; an interaction counts a
    case only where it could be told in all four cells."""
    first: list[bool] = []
    second: list[bool] = []
    named: list[str] = []
    others = [cell for cell in cells if not any(cell[i] for i in of)]
    for cell in others:
        rows = [cells[cell]] + [cells[_at(cell, each)] for each in ([of] if len(of) == 1 else [of[:1], of[1:], of])]
        for case, outcome in enumerate(zip(*rows, strict=True)):
            if None in outcome:
                continue
            told = [bool(each) for each in outcome]
            pairs = [(told[1], told[0])] if len(of) == 1 else [(told[3], told[2]), (told[0], told[1])]
            first += [a for a, _ in pairs]
            second += [b for _, b in pairs]
            named += [labels[case]] * len(pairs)
    return first, second, named


def _at(cell: Cell, on: tuple[int, ...]) -> Cell:
    return tuple(1 if i in on else level for i, level in enumerate(cell))
