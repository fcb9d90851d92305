"""A study of independence as one HTML file that needs nothing else: votes, pairs, and who passes whose errors."""

from collections.abc import Mapping
from typing import Any

from caseback.disclosure.page import render_page

Data = Mapping[str, Any]


def render_independence(data: Data) -> str:
    """The page of a study of independence, its texts escaped and unseen characters shown by their number."""
    return render_page("independence.html.j2", data=data, grid=grid(data))


def grid(data: Data) -> Data:
    """The matrix of overseers by overseen: names, and for each overseer the cells in order, None on the diagonal."""
    names = list(dict.fromkeys(cell["overseer"] for cell in data["matrix"]))
    cells = {(cell["overseer"], cell["overseen"]): cell for cell in data["matrix"]}
    return {"names": names, "rows": [(over, [cells.get((over, under)) for under in names]) for over in names]}
