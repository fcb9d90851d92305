"""A condition map as one HTML file that needs nothing else: a heat map of all cells, and what each condition adds."""

from collections.abc import Mapping
from itertools import product
from typing import Any

from caseback.disclosure.page import render_page

Data = Mapping[str, Any]


def render_condition_map(data: Data) -> str:
    """The page of a condition map. Texts are escaped, and characters that are not seen shown by their number."""
    return render_page("conditions.html.j2", data=data, grid=grid(data), bars=bars(data))


def grid(data: Data) -> Data:
    """The cells as a table: the first half of the conditions down the side, the others across."""
    levels = [each["levels"] for each in data["conditions"]]
    half = (len(levels) + 1) // 2
    by_levels = {tuple(cell["levels"]): cell for cell in data["cells"]}
    down, across = list(product(*levels[:half])), list(product(*levels[half:]))
    names = [each["name"] for each in data["conditions"]]
    return {
        "down": names[:half],
        "across": names[half:],
        "columns": across,
        "rows": [(row, [by_levels[(*row, *column)] for column in across]) for row in down],
    }


def bars(data: Data) -> list[Data]:
    """Every effect with its place on an axis from -1 to 1 (-2 to 2 for interactions), in percent of the width."""
    made: list[Data] = []
    for effect in data["effects"]:
        reach = len(effect["of"])

        def at(value: float, reach: int = reach) -> float:
            return round(50 + 50 * value / reach, 1)

        value = effect["value"]
        told = value is not None
        made.append(
            {
                **effect,
                "name": " × ".join(effect["of"]),
                "dot": at(value) if told else None,
                "start": at(effect["low"]),
                "width": round(at(effect["high"]) - at(effect["low"]), 1),
                "apart": told and not effect["low"] <= 0 <= effect["high"],
            }
        )
    return made
