"""A sign along a ladder: its level on each rung, its trend, which way it points, and what would change that."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from caseback.oversight.easy_or_hard.cell import Cell
from caseback.oversight.easy_or_hard.signs import DECAY, Sign
from caseback.stats.blocked_trend import Block, Trend, blocked_trend, blocks_needed, half_width, slope

Word = Literal["easy", "hard", "cannot tell"]
LEVEL = 0.05
"""Below which an adjusted p-value counts, and of which the intervals are."""


@dataclass(frozen=True)
class Level:
    """A sign at one place: a model, or a gap. ``at`` is log10 of training compute, or the gap in such units."""

    name: str
    at: float
    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Along:
    """A sign along its places, before it is read: ``slopes`` by stratum, ``untold`` cells it could not be told of."""

    sign: Sign
    levels: tuple[Level, ...]
    trend: Trend | None
    slopes: Mapping[str, float]
    untold: int


def along(sign: Sign, cells: Sequence[Cell], compute: Mapping[str, float]) -> Along:
    """A measured sign along the models. A behaviour and a seed are a block: planted afresh in each of them."""
    told: dict[tuple[str, int], list[tuple[float, float]]] = {}
    levels: dict[str, dict[str, list[float]]] = {name: {} for name in compute}
    untold = 0
    for cell in cells:
        value = sign.of(cell)
        if value is None:
            untold += 1
            continue
        told.setdefault((cell.behaviour, cell.seed), []).append((compute[cell.model], value))
        levels[cell.model].setdefault(cell.behaviour, []).append(value)
    blocks = [
        Block(behaviour, *zip(*sorted(points), strict=True))
        for (behaviour, _), points in told.items()
        if len({x for x, _ in points}) > 1
    ]
    made = tuple(_level(name, at, levels[name]) for name, at in sorted(compute.items(), key=lambda item: item[1]))
    return Along(sign, made, blocked_trend(blocks), by_stratum(blocks), untold)


def by_stratum(blocks: Sequence[Block]) -> dict[str, float]:
    """The mean slope of each stratum."""
    found: dict[str, list[float]] = {}
    for each in blocks:
        found.setdefault(each.stratum, []).append(slope(each.xs, each.ys))
    return {name: sum(slopes) / len(slopes) for name, slopes in found.items()}


def _level(name: str, at: float, groups: Mapping[str, Sequence[float]]) -> Level:
    """The mean of the cells of a model, with Student's interval over its seeds: behaviours are taken as they are."""
    values = [value for group in groups.values() for value in group]
    if not values:
        return Level(name, at, None, None, None, 0)
    mean, freedom = sum(values) / len(values), len(values) - len(groups)
    if not freedom:
        return Level(name, at, mean, None, None, len(values))
    squares = sum((v - sum(group) / len(group)) ** 2 for group in groups.values() for v in group)
    half = half_width(math.sqrt(squares / freedom), len(values), freedom)
    return Level(name, at, mean, mean - half, mean + half, len(values))


def points_to(found: Along, p: float | None) -> Word:
    """Which way it points: only where the interval of the trend excludes none, and the adjusted p-value says so too."""
    trend = found.trend
    if trend is None or p is None or p > LEVEL or trend.low <= 0 <= trend.high:
        return "cannot tell"
    return "hard" if (trend.value > 0) == (found.sign.hard > 0) else "easy"


def would_change(found: Along, word: Word) -> str:
    """What would change the reading, in a sentence or two."""
    trend, top = found.trend, max((level.at for level in found.levels), default=math.nan)
    if trend is None:
        return "Anything would: it was not measured on two models or more."
    apart = len({value > 0 for value in found.slopes.values() if value}) > 1
    said = []
    if word == "cannot tell":
        many = blocks_needed(trend, max(1, len(found.slopes)))
        if many is None:
            said.append(
                "Were slope and scatter as they are, no 1,000 repetitions would show it: a longer ladder might."
            )
        elif many <= trend.n:
            said.append(
                "The interval excludes no trend, and the permutations, adjusted for all signs, do not: more rungs or "
                "repetitions would settle it."
            )
        else:
            said.append(f"Were slope and scatter as they are, {many} repetitions would show it; there are {trend.n}.")
    else:
        near = min(abs(trend.low), abs(trend.high))
        beyond = "wider gaps" if found.sign.name == DECAY.name else f"models above 10^{top:.1f}"
        said.append(
            f"A change of {near:.2g} of the trend would undo it; so might {beyond}, where nothing was measured."
        )
    if apart:
        ways = ", ".join(f"{name} {value:+.2g}" for name, value in found.slopes.items())
        said.append(f"Behaviours do not agree ({ways}): others may turn it.")
    return " ".join(said)
