"""Which of several points with intervals no other is surely better than: the frontier of a trade-off."""

from collections.abc import Sequence
from dataclasses import dataclass

from caseback.stats.rate import Rate


@dataclass(frozen=True)
class Point:
    """``across`` and ``up`` are rates of which more is wanted; both have n > 0."""

    name: str
    across: Rate
    up: Rate


def turned(rate: Rate) -> Rate:
    """The rate of the contrary."""
    return Rate(rate.n - rate.k, rate.n, 1 - rate.high, 1 - rate.low, rate.confidence)


def beats(one: Point, other: Point) -> bool:
    """Whether ``one`` is surely better in one way, its interval wholly above, and no worse in the other as measured."""
    surely = one.across.low > other.across.high or one.up.low > other.up.high
    return surely and one.across.value >= other.across.value and one.up.value >= other.up.value


def frontier(points: Sequence[Point]) -> list[str]:
    """Names of the points that none beats, in order."""
    return [point.name for point in points if not any(beats(other, point) for other in points)]
