"""The corrigibility study as one HTML file: whose word held, what a stop is worth, and the trade-off of every model."""

from collections.abc import Mapping
from typing import Any

from caseback.disclosure.page import render_page

Data = Mapping[str, Any]
SIDE, EDGE = 320, 34
"""Of the square that points are drawn in, and the room around it."""


def render_corrigibility(data: Data) -> str:
    """The page of ``corrigibility.json``. Texts are escaped, and characters that are not seen shown by their number."""
    return render_page(
        "oversight_corrigibility.html.j2",
        data=data,
        squares=[square(each) for each in data["frontiers"]],
        tables=[table(data, model) for model in data["models"]],
        moves=[each for each in data["moves"] if clear(each)],
    )


def clear(move: Data) -> bool:
    """Whether a difference could be told and its interval leaves out zero."""
    return move["value"] is not None and not move["low"] <= 0 <= move["high"]


def square(front: Data) -> Data:
    """A trade-off's points with their intervals, in a square whose both axes go from 0 to 1."""

    def across(x: float) -> float:
        return round(EDGE + SIDE * x, 1)

    def up(y: float) -> float:
        return round(EDGE + SIDE * (1 - y), 1)

    dots = [
        {
            "name": point["name"],
            "number": number,
            "frontier": point["frontier"],
            "x": across(point["across"]["value"]),
            "y": up(point["up"]["value"]),
            "left": across(point["across"]["low"]),
            "right": across(point["across"]["high"]),
            "foot": up(point["up"]["low"]),
            "top": up(point["up"]["high"]),
        }
        for number, point in enumerate(front["points"], 1)
    ]
    return {**front, "dots": dots, "size": SIDE + 2 * EDGE, "edge": EDGE, "side": SIDE}


def table(data: Data, model: str) -> Data:
    """Every situation of one model: for each sort the cells in order."""
    sorts: dict[str, list[Data]] = {}
    for cell in data["cells"]:
        if cell["model"] == model:
            sorts.setdefault(cell["sort"], []).append(cell)
    return {"model": model, "sorts": sorts}
