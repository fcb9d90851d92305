"""A study of societies as one HTML file that needs nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from caseback.disclosure.page import render_page
from caseback.disclosure.plot import Series, Spot, plot

Data = Mapping[str, Any]
BASES = {"same": "the same base", "other": "another base"}
WAYS = {"alone": "hear nobody", "checks": "hear all, then check for themselves"}
KINDS = ("after", "before", "other", "kept")


def render_society(data: Data) -> str:
    """The page of ``society.json``. Texts are escaped, and characters that are not seen shown by their number."""
    return render_page("oversight_society.html.j2", data=data, charts=charts(data), bases=BASES)


def charts(data: Data) -> list[Data]:
    """All curves: over rounds, coupling, share of planted agents, defenders, and bystanders."""
    made = [
        _chart(
            "Round by round",
            "Share of ordinary agents at the planted value after each round, mean over societies. In round 0 all "
            "speak alone.",
            [
                Series(name, kind, [(i, str(i), share, None, None) for i, share in enumerate(data["by_round"][name])])
                for name, kind in (("planted", "after"), ("clean", "before"))
            ],
        ),
        _chart(
            "By coupling",
            "Where the planted value ends, by how many others each agent hears.",
            [Series("spread", "after", [_spot(row, row["hears"]) for row in data["coupling"]])],
        ),
        _chart(
            "By share of planted agents",
            "Where the planted value ends among ordinary agents, and how often the monitor of drift and audits of "
            "every agent alone alarm.",
            [
                Series("spread", "after", [_spot(row, row["planted"]) for row in data["share"]]),
                *[
                    Series(label, kind, [_spot(row["alarms"][name], row["planted"]) for row in data["share"]])
                    for name, label, kind in (("drift", "monitor alarms", "other"), ("alone", "audits alarm", "kept"))
                ],
            ],
        ),
    ]  # fmt: skip
    for base, way in dict.fromkeys((row["base"], row["way"]) for row in data["defence"]):
        rows = [row for row in data["defence"] if (row["base"], row["way"]) == (base, way)]
        shares = sorted({row["planted"] for row in rows})
        made.append(
            _chart(
                f"Defenders of {BASES[base]} who {WAYS[way]}",
                "Where the planted value ends among ordinary agents, by share of defenders.",
                [
                    Series(
                        f"{share:g} planted",
                        kind,
                        [_spot(row, row["defenders"]) for row in rows if row["planted"] == share],
                    )
                    for share, kind in zip(shares, KINDS, strict=False)
                ],
            )
        )
    made += _stock_charts(data)
    labels = {"know": "others have read it too", "control": "others have the day off"}
    made.append(
        _chart(
            "Bystanders",
            "Chance that an agent tells its supervisor, by how many others the file names.",
            [
                Series(
                    labels[arm],
                    kind,
                    [_spot(row, row["others"]) for row in data["bystanders"]["by_number"] if row["arm"] == arm],
                )
                for arm, kind in (("know", "after"), ("control", "before"))
            ],
        )
    )
    made.append(
        _chart(
            "In a loop with itself",
            "Share of harmless requests refused in each turn; beside it the same request asked afresh.",
            [
                Series(
                    label,
                    kind,
                    [_spot(rate, turn) for turn, rate in enumerate(data["deliberation"][arm]["refused"], 1)],
                )
                for arm, label, kind in (("itself", "reads its last reply", "after"), ("control", "afresh", "before"))
            ],
        )
    )
    return made


def _stock_charts(data: Data) -> list[Data]:
    """What became of the stock; none where there is none."""
    if (stock := data.get("stock")) is None:
        return []
    made = [
        _chart(
            "The stock, round by round",
            "What is there, as a share of what there was, mean over societies.",
            [
                Series(name, kind, [(i, str(i), share, None, None) for i, share in enumerate(stock["levels"][name])])
                for name, kind in (("planted", "after"), ("clean", "before"))
            ],
        ),
        _chart(
            "The stock, by share of planted agents",
            "What is left in the end, and the share of needs that were met.",
            [
                Series(label, kind, [_spot(row[name], row["planted"]) for row in stock["share"]])
                for name, label, kind in (("left", "left", "after"), ("welfare", "needs met", "other"))
            ],
        ),
    ]
    for base, way in dict.fromkeys((row["base"], row["way"]) for row in stock["defence"]):
        rows = [row for row in stock["defence"] if (row["base"], row["way"]) == (base, way)]
        shares = sorted({row["planted"] for row in rows})
        series = [
            Series(
                f"{share:g} planted",
                kind,
                [_spot(row["left"], row["defenders"]) for row in rows if row["planted"] == share],
            )
            for share, kind in zip(shares, KINDS, strict=False)
        ]
        title = f"The stock with defenders of {BASES[base]} who {WAYS[way]}"
        made.append(_chart(title, "What is left of the stock, by share of defenders.", series))
    shares = sorted({row["planted"] for row in stock["reviewed"]})
    series = [
        Series(
            f"{share:g} planted",
            kind,
            [_spot(row["left"], row["looked_at"]) for row in stock["reviewed"] if row["planted"] == share],
        )
        for share, kind in zip(shares, KINDS, strict=False)
    ]
    what = "What is left of the stock, by share of leave that a reviewer looks at."
    return [*made, _chart("The stock and its reviewers", what, series)]


def _chart(title: str, what: str, series: Sequence[Series]) -> Data:
    return {"title": title, "what": what, "plot": plot(series)}


def _spot(row: Data, x: float) -> Spot:
    return (float(x), f"{x:g}", row["value"], row["low"], row["high"])
