"""A study of control as one HTML file that needs nothing else: safety against usefulness, and collusion."""

from collections.abc import Mapping
from typing import Any

from caseback.disclosure.page import render_page
from caseback.disclosure.plot import Series, plot

Data = Mapping[str, Any]
COLOURS = ("after", "before", "other", "kept")


def render_control(data: Data) -> str:
    """The page of a study of control. Texts are escaped, and characters that are not seen shown by their number."""
    return render_page("control.html.j2", data=data, charts=charts(data))


def charts(data: Data) -> list[Data]:
    """For each case the share of attacks caught over the audit budget, random audit among the lines."""
    found: list[Data] = []
    for case in dict.fromkeys(each["case"] for each in data["curves"]):
        of_it = [each for each in data["curves"] if each["case"] == case]
        lines = [
            Series(
                each["monitor"],
                COLOURS[at % len(COLOURS)],
                [_spot(budget, caught) for budget, caught, _ in each["line"]],
            )
            for at, each in enumerate(of_it)
        ]
        random = [_spot(budget, budget) for budget, _, _ in of_it[0]["line"]]
        what = "Share of attacks caught, over the share of honest answers that are looked at."
        chart = {"title": str(case).replace("_", " "), "what": what}
        found.append({**chart, "plot": plot([*lines, Series("random audit", "alone", random)])})
    return found


def _spot(budget: float, caught: float | None) -> tuple[float, str, float | None, None, None]:
    return budget, f"{budget:.0%}", caught, None, None
