"""Saboteurs among the overseers as one HTML file: what caught whom at which dose, and the chain with a bad link."""

from collections.abc import Mapping
from typing import Any

from caseback.disclosure.page import render_page
from caseback.disclosure.plot import Series, plot

Data = Mapping[str, Any]
KINDS = ("after", "before", "other", "kept")
KNOWN = {
    "teacher": "A teacher that hides one behaviour’s breaches from its student",
    "careless teacher": "As many labels wrong, but anywhere: careless, not bad",
    "critic": "A critic lenient to its own kind",
    "monitor": "A monitor that passes what carries a signal",
    "researcher": "A researcher that leaves one behaviour out",
}


def render_saboteurs(data: Data) -> str:
    """The page of a report on saboteurs."""
    kinds = [{"kind": kind, "title": KNOWN.get(kind, kind), **part} for kind, part in by_kind(data).items()]
    return render_page("saboteurs.html.j2", data=data, kinds=kinds, chain=chain_chart(data))


def by_kind(data: Data) -> dict[str, dict[str, Any]]:
    """Of each kind of saboteur its checks, the harm by dose, and a chart."""
    found: dict[str, dict[str, Any]] = {}
    for kind in dict.fromkeys(each["kind"] for each in data["checks"]):
        checks = [each for each in data["checks"] if each["kind"] == kind]
        found[kind] = {
            "checks": checks,
            "harm": [row for row in data["harm"] if row["kind"] == kind],
            "chart": {
                "title": "Alarms by dose",
                "what": "Share of saboteurs that each check raises an alarm over; intervals are 95 %, over seeds.",
                "plot": plot([
                    Series(each["check"], KINDS[at % len(KINDS)], [
                        (row["dose"], f"{row['dose']:g}", row["value"], row["low"], row["high"])
                        for row in each["doses"]
                    ])
                    for at, each in enumerate(checks)
                ]),
            },
        }  # fmt: skip
    return found


def chain_chart(data: Data) -> Data | None:
    """Recall on the target by the place of the bad link, at the largest dose; None where no chain was run."""
    if not data["chain"]:
        return None
    dose = max(row["dose"] for row in data["chain"])
    series = []
    for at, share in enumerate(sorted({row["trusted"] for row in data["chain"]})):
        rows = [row for row in data["chain"] if row["trusted"] == share and row["dose"] == dose]
        name = f"one bad link, {share:.0%} of labels trusted" if share else "one bad link"
        for what, side, kind in ((name, "bad", KINDS[at]), (f"clean, {share:.0%} trusted", "clean", "alone")):
            series.append(Series(what, kind, [
                (row["link"], f"{row['link']}", row[side]["value"], row[side]["low"], row[side]["high"])
                for row in rows
            ]))  # fmt: skip
    return {
        "title": "Breaches of the target that the last generation catches, by the place of the bad link",
        "what": "The first link is nearest to the oracle’s labels. Intervals are 95 %, over seeds.",
        "plot": plot(series),
    }
