"""A study of panels as one HTML file that needs nothing else: what arguing gains before a weak judge, and what not."""

from collections.abc import Mapping
from typing import Any

from caseback.disclosure.page import render_page

Data = Mapping[str, Any]


def render_panels(data: Data) -> str:
    """The page of a study of panels. Texts are escaped, and characters that are not seen shown by their number."""
    return render_page("panels.html.j2", data=data, grounds=by_ground(data))


def by_ground(data: Data) -> list[Data]:
    """For each ground its rows, the headline judge's first, each with its interval's place on an axis in percent."""
    found: dict[str, list[Data]] = {}
    for row in data["rows"]:
        places = {"dot": None if row["accuracy"] is None else 100 * row["accuracy"]}
        places |= {"start": 100 * row["low"], "width": 100 * (row["high"] - row["low"])}
        found.setdefault(row["ground"], []).append(
            {**row, **places, "apart": row["gain"] is not None and not row["gain_low"] <= 0 <= row["gain_high"]}
        )
    judges = {name: [row for row in rows if row["judge"] != data["judge"]] for name, rows in found.items()}
    return [
        {"name": name, "rows": [row for row in rows if row["judge"] == data["judge"]], "others": judges[name]}
        for name, rows in found.items()
    ]
