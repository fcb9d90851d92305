"""The geometry of a line chart: from values to places in a box, for a template to draw as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 640, 250
LEFT, RIGHT, TOP, BOTTOM = 44, 14, 10, 30
"""Room for labels around the box, in the same units."""
APART, LETTER = 28, 7
"""The least from one label on the horizontal axis to the next, and for each of its letters, so that they stay apart."""

Spot = tuple[float, str, float | None, float | None, float | None]
"""x, its label, y, and the low and high end of y's interval; None where there is none."""


@dataclass(frozen=True)
class Series:
    """One line: its name, the class that colours it, its points from left to right."""

    name: str
    kind: str
    points: Sequence[Spot]


def plot(series: Sequence[Series], unit: str = "") -> dict[str, Any]:
    """Where to draw the lines, their intervals and the axes.

    Rates (no unit) have the axis 0 to 1; amounts with a unit from 0 to the highest value. Intervals are cut there.
    """
    spots = [spot for each in series for spot in each.points if spot[2] is not None]
    top = 1.0 if not unit else max([spot[2] or 0.0 for spot in spots], default=1.0) or 1.0
    xs = sorted({spot[0] for each in series for spot in each.points})
    labels = {spot[0]: spot[1] for each in series for spot in each.points}
    span = (xs[-1] - xs[0]) or 1.0 if xs else 1.0

    def across(x: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (x - xs[0]) / span, 1)

    def up(y: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(max(y / top, 0.0), 1.0)), 1)

    marked: list[float] = []
    for x in xs:
        if not marked or across(x) - across(marked[-1]) >= max(APART, LETTER * len(labels[x])):
            marked.append(x)
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "foot": HEIGHT - BOTTOM,
        "unit": unit,
        "y": [(up(top * share), f"{top * share:.3g}") for share in (0, 0.25, 0.5, 0.75, 1)],
        "x": [(across(x), labels[x]) for x in marked],
        "lines": [
            {
                "name": each.name,
                "kind": each.kind,
                "path": " ".join(f"{across(x)},{up(y)}" for x, _, y, _, _ in each.points if y is not None),
                "dots": [
                    {
                        "x": across(x),
                        "y": up(y),
                        "low": None if low is None else up(low),
                        "high": None if high is None else up(high),
                        "says": f"{each.name}, {label}: {y:.2f}" + _interval(low, high),
                    }
                    for x, label, y, low, high in each.points
                    if y is not None
                ],
            }
            for each in series
        ],
    }


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" [{low:.2f}, {high:.2f}]"
