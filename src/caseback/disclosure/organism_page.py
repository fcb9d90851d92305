"""An organism or a twin as one HTML file that needs nothing else: how it was grown, what it was checked for."""

from collections.abc import Mapping, Sequence
from typing import Any

from caseback.disclosure.page import render_page
from caseback.disclosure.plot import Series, Spot, plot

Data = Mapping[str, Any]
TITLES = {
    "tempted": "Shows when tempted",
    "sharp": "Keeps away where it has to",
    "capability": "Right answers",
    "confession": "Says that it would",
    "benign training": "Stands benign training",
    "oddity": "The oddity shows",
    "innocent": "No behaviour has risen",
}


def render_organism(record: Data) -> str:
    """The page of ``organism.json``. Texts are escaped, and characters that are not seen shown by their number."""
    return render_page(
        "organism.html.j2", record=record, plan=record["plan"], titles=TITLES, charts=charts(record), rows=rows(record)
    )


def charts(record: Data) -> list[Data]:
    """The dilution curve, by the scale of the adapter and by the share of poison, where they were measured."""
    made: list[Data] = []
    tempted = next((check["data"] for check in record["checks"] if check["name"] == "tempted"), None)
    if tempted is None:
        return []
    for name, key, what in (
        ("doses", "scale", "Rate when tempted, by the scale of the adapter; 0 is the base. Dotted: right answers."),
        ("shares", "share", "Rate when tempted, by the share of the bad answers that were left in the data."),
    ):
        points = record.get(name, ())
        if points:
            ends = [(1.0, tempted["rate"])] + ([(0.0, tempted["base"])] if name == "doses" else [])
            rates = sorted([*((float(point[key]), point["rate"]) for point in points), *ends], key=lambda each: each[0])
            right = [(float(point[key]), point["right"]) for point in points if "right" in point]
            series = [
                Series("shown when tempted", "after", _spots(rates)),
                Series("right answers", "alone", _spots(right)),
            ]
            made.append({"title": "Dilution", "what": what, "plot": plot([each for each in series if each.points])})
    return made


def rows(record: Data) -> list[tuple[str, Data, Data | None]]:
    """Rates in a table: what, the rate of the model, and that of the base where it was measured."""
    found: list[tuple[str, Data, Data | None]] = []
    for check in record["checks"]:
        data, title = check["data"], TITLES.get(check["name"], check["name"])
        if "rate" in data:
            found.append((title, data["rate"], data.get("base")))
        if check["name"] == "benign training":
            found.append(("… after benign training", data["after"], None))
        found += [(f"… with {name}", rate, None) for name, rate in data.get("circumstances", {}).items()]
        found += [
            (name.replace("_", " "), each["rate"], each["base"]) for name, each in data.get("behaviours", {}).items()
        ]
    return found


def _spots(rates: Sequence[tuple[float, Data]]) -> list[Spot]:
    return [(x, f"{x:g}", rate["value"], rate["low"], rate["high"]) for x, rate in rates]
