"""A study's notebook as one HTML file that needs nothing else: each hypothesis, what it predicted, what came of it."""

from collections.abc import Mapping
from typing import Any

from caseback.disclosure.page import render_page
from caseback.disclosure.plot import Series, plot

Data = Mapping[str, Any]


def render_notebook(data: Data) -> str:
    """The page. Texts, a proposing model's among them, are escaped, and characters not seen shown by their number."""
    return render_page("research.html.j2", data=data, chart=chart(data), told=told(data))


def chart(data: Data) -> Data:
    """The open score of each trial, and the best of them so far."""
    done = [(at, each["trial"], each["open"]) for at, each in enumerate(data["hypotheses"]) if each["open"] is not None]
    best, highest = [], float("-inf")
    for at, trial, value in done:
        highest = max(highest, value)
        best.append((float(at), trial, highest, None, None))
    each = [(float(at), trial, value, None, None) for at, trial, value in done]
    return plot([Series("best so far", "after", best), Series("each trial", "other", each)])


def told(data: Data) -> list[Data]:
    """The sealed scorer's word on each submission, with the open score of what was submitted."""
    opened = {each["trial"]: each["open"] for each in data["hypotheses"]}
    return [{**row, "open": opened.get(row["trial"])} for row in data["submissions"]]
