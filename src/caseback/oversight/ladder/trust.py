"""Trust as a curve over the gap in capability, and the widest gap over which it reaches.

The intervals of a curve hold for all its gaps together (Bonferroni), so that a gap may be picked by looking at them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.means import clustered_mean

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Point:
    """Trust at one gap, in powers of ten of compute, rounded to steps; ``pairs`` of models that are this far apart, and
    ``clusters`` that the interval is over."""

    gap: float
    value: float
    low: float
    high: float
    n: int
    pairs: int
    clusters: int


@dataclass(frozen=True)
class Reach:
    """How far trust reaches: the widest gap at which it, and at all smaller ones, is surely at least ``bound``.

    ``gap`` is None where not even the smallest gap is. ``breaks`` is the smallest gap at which it is surely below the
    bound, None where there is none.
    """

    bound: float
    gap: float | None
    breaks: float | None


Trial = tuple[float, str, str, bool]
"""A gap, the pair of models, the family, and whether the overseer saw it."""


def rate_curve(trials: Iterable[Trial], step: float, confidence: float = CONFIDENCE) -> list[Point]:
    """A curve of rates. The families that all pairs share are what an interval is over; it speaks of new families, seen
    by these models.

    Raises:
        ValueError: a step that is not above 0.
    """
    groups: dict[float, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(stepped(trial[0], step), []).append(trial)
    each = together(len(groups), confidence)
    points = []
    for at, group in sorted(groups.items()):
        families = by_cluster([family for _, _, family, _ in group], [seen for *_, seen in group])
        rate, pairs = clustered_rate(families, each), len({pair for _, pair, _, _ in group})
        points.append(Point(at, rate.value, rate.low, rate.high, rate.n, pairs, len(families)))
    return points


Amount = tuple[float, str, str, float, float]
"""A gap, the pair, the seed, what was gained, and what there was to gain."""


def share_curve(amounts: Iterable[Amount], step: float, confidence: float = CONFIDENCE) -> list[Point]:
    """A curve of ratios, over seeds."""
    groups: dict[float, list[Amount]] = {}
    for amount in amounts:
        groups.setdefault(stepped(amount[0], step), []).append(amount)
    each = together(len(groups), confidence)
    points = []
    for at, group in sorted(groups.items()):
        mean = clustered_mean([(seed, gained, whole) for _, _, seed, gained, whole in group], each)
        pairs = len({pair for _, pair, *_ in group})
        points.append(Point(at, mean.value, mean.low, mean.high, mean.n, pairs, mean.clusters))
    return points


def reach(curve: Sequence[Point], bound: float) -> Reach:
    """How far trust reaches on a curve in order of its gaps; gaps below 0, where the overseer is the stronger, do not
    count."""
    far: float | None = None
    breaks = next((point.gap for point in curve if point.gap >= 0 and point.high < bound), None)
    for point in curve:
        if point.gap < 0:
            continue
        if point.low < bound:
            break
        far = point.gap
    return Reach(bound, far, breaks)


def stepped(gap: float, step: float) -> float:
    """The gap, rounded to whole steps."""
    if not step > 0:
        raise ValueError(f"a step of {step} is none")
    return round(round(gap / step) * step, 6) + 0.0


def together(many: int, confidence: float = CONFIDENCE) -> float:
    """The confidence of each of many intervals that hold together (Bonferroni)."""
    return 1 - (1 - confidence) / max(1, many)
