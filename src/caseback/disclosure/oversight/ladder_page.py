"""A ladder of overseers as one HTML file: the curves, both matrices, and what was left out."""

from collections.abc import Mapping, Sequence
from typing import Any

from caseback.disclosure.page import render_page
from caseback.disclosure.plot import Series, Spot, plot

Data = Mapping[str, Any]
KINDS = {"naive": "after", "confidence": "before", "bootstrapped": "other", "crossed": "alone", "critique": "kept"}


def render_ladder(data: Data) -> str:
    """The page of a ladder's report."""
    return render_page("ladder.html.j2", data=data, charts=charts(data), recall=recall_rows(data))


def charts(data: Data) -> list[Data]:
    """Trust and shares recovered over the gap."""
    recall = Series("caught", "after", spots(data["curves"]["recall"]))
    bound = data["reach"]["bound"]
    level = Series(
        f"the bound, {bound:g}", "alone", [(x, label, bound, None, None) for x, label, *_ in recall.points]
    )  # fmt: skip
    arms = [
        Series(arm, KINDS.get(arm, "other"), spots(points))
        for arm, points in data["curves"]["recovered"].items()
        if points
    ]
    made: list[Data] = [
        {
            "title": "Planted violations caught, over the gap",
            "what": "The subject's compute over the overseer's, in powers of ten; below 0 the overseer is stronger. "
            "Whiskers hold for all gaps together.",
            "plot": plot([recall, level]),
        }
    ]
    if arms:
        made.append(
            {
                "title": "Share of the performance gap recovered, over the gap",
                "what": "Pairs with a clear ceiling gap. Cut at 0 and 1: a student may do worse than its teacher.",
                "plot": plot(arms),
            }
        )
    return made


def spots(points: Sequence[Data]) -> list[Spot]:
    """The points of a curve, as places on a chart."""
    return [(each["gap"], f"{each['gap']:g}", each["value"], each["low"], each["high"]) for each in points]


def recall_rows(data: Data) -> list[tuple[str, list[Data]]]:
    """The matrix of recall: a row for each overseer, subjects across."""
    by_pair = {(each["overseer"], each["subject"]): each for each in data["recall"]}
    names = [each["name"] for each in data["rungs"]]
    return [(name, [by_pair[name, other] for other in names]) for name in names]
