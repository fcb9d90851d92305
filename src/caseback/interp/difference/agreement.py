"""Whether several changes are the same change: seeds of one training among themselves, and each against a control."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from scipy.stats import hypergeom

from caseback.interp.difference.activations import SiteDifference, cosine
from caseback.interp.difference.parts import PartsMoved, most_moved


@dataclass(frozen=True)
class Overlap:
    """Of the ``k`` most moved of ``units`` in either of two changes, how many are the same.

    ``expected`` is how many would be by chance, ``p`` the chance of at least as many (hypergeometric).
    """

    kind: str
    k: int
    units: int
    common: int
    expected: float
    p: float


@dataclass(frozen=True)
class Agreement:
    """Two changes of one base. ``cosines`` are per site those of the mean differences; unrelated directions have 0 give
    or take ``by_chance``, one over the root of the width."""

    first: str
    second: str
    cosines: dict[str, float]
    by_chance: float
    overlaps: tuple[Overlap, ...]


def agreements(
    sites: Mapping[str, tuple[SiteDifference, ...]], parts: Mapping[str, tuple[PartsMoved, ...]], k: int = 10
) -> tuple[Agreement, ...]:
    """Every two of the changes, by name. ``k`` units are compared of each kind, fewer where there are few."""
    found = []
    for first, second in itertools.combinations(sites, 2):
        pairs = list(zip(sites[first], sites[second], strict=True))
        width = max((len(one.mean) for one, _ in pairs), default=1)
        found.append(
            Agreement(
                first,
                second,
                {one.site: cosine(one.mean, other.mean) for one, other in pairs},
                1 / math.sqrt(width),
                tuple(overlap(one, other, k) for one, other in zip(parts[first], parts[second], strict=True)),
            )
        )
    return tuple(found)


def overlap(one: PartsMoved, other: PartsMoved, k: int) -> Overlap:
    """How many of the most moved units two changes have in common. At most a quarter of the units are compared."""
    return _overlap(one.kind, one.units, (one.change, other.change), k)


def halves_overlap(moved: PartsMoved, k: int) -> Overlap:
    """The same between every other passage of one change: what another draw of text would have left of the list."""
    return _overlap(moved.kind, moved.units, moved.halves, k)


def _overlap(kind: str, units: int, changes: tuple[dict, dict], k: int) -> Overlap:  # type: ignore[type-arg]
    k = max(1, min(k, units // 4)) if units else 0
    tops = [{(each.layer, each.unit) for each in most_moved(change, k)} for change in changes]
    common = len(tops[0] & tops[1])
    return Overlap(
        kind=kind,
        k=k,
        units=units,
        common=common,
        expected=k * k / units if units else math.nan,
        p=float(hypergeom.sf(common - 1, units, k, k)) if units else math.nan,
    )
