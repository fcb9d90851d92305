"""Dose–response curves of a direction as one HTML file that needs nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from caseback.disclosure.page import render_page
from caseback.disclosure.plot import Series, Spot, plot

Data = Mapping[str, Any]
CAPABILITY = "capability"


def render_steering(data: Data) -> str:
    """The page of ``steer.json``. Texts are escaped, and characters that are not seen shown by their number."""
    names = [name for name in data["points"][0]["responses"] if name != CAPABILITY]
    rows = sorted(data["points"], key=lambda point: (point["dose"], point["arm"]))
    return render_page(
        "steering.html.j2",
        steering=data,
        names=names,
        rows=rows,
        charts=[{"title": name, "plot": plot(series(data, name))} for name in names],
    )


def series(data: Data, name: str) -> list[Series]:
    """The lines of one chart: the behaviour and what was right, along the direction and along random vectors."""
    return [
        Series("the direction", "after", _spots(data, "direction", name)),
        Series("random vectors of equal length", "other", _spots(data, "random", name)),
        Series("right answers, the direction", "alone", _spots(data, "direction", CAPABILITY)),
        Series("right answers, random", "kept", _spots(data, "random", CAPABILITY)),
    ]


def _spots(data: Data, arm: str, name: str) -> list[Spot]:
    """Points from the lowest dose to the highest, that of no dose among them."""
    points: Sequence[Data] = [point for point in data["points"] if point["arm"] in ("none", arm)]
    if not any(point["arm"] == arm for point in points):
        return []
    return [
        (point["dose"], f"{point['dose']:g}", rate["value"], rate["low"], rate["high"])
        for point in sorted(points, key=lambda point: float(point["dose"]))
        for rate in [point["responses"][name]["rate"]]
    ]
