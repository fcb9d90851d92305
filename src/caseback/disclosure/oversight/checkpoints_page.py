"""The study between checkpoints as one HTML file: every curve along the run, its changes, and the lies that showed."""

import math
from collections.abc import Mapping
from typing import Any

from caseback.disclosure.page import render_page
from caseback.disclosure.plot import Series, plot
from caseback.oversight.along_training.looks import ABILITIES, STAGES

Data = Mapping[str, Any]
KINDS = ("after", "before", "other", "kept", "alone")
"""How the lines of one chart are told apart."""


def render_checkpoints(data: Data) -> str:
    """The page of ``checkpoints.json``. Texts are escaped, and characters that are not seen shown by their number."""
    return render_page("oversight_checkpoints.html.j2", data=data, charts=charts(data))


def charts(data: Data) -> list[Data]:
    """Abilities, behaviours, and the lies for each reason, each with at most five lines to a chart."""
    lies = {window["why"]: window["text"] for window in data["windows"]}
    told = {each["name"]: each for each in data["series"]}
    groups: list[tuple[str, list[str]]] = [("Abilities", list(ABILITIES))]
    others = [name for name in told if name not in ABILITIES and name.partition("_")[0] not in STAGES]
    groups += [("Behaviours", others[i : i + len(KINDS)]) for i in range(0, len(others), len(KINDS))]
    groups += [(f"Lies {text}", [f"{stage}_{why}" for stage in STAGES]) for why, text in lies.items()]
    return [
        {"title": title, "what": "The share by step, on a logarithmic scale; exact 95 % intervals.",
         "plot": plot([_series(told[name], kind) for name, kind in zip(names, KINDS, strict=False)])}
        for title, names in groups
    ]  # fmt: skip


def _series(one: Data, kind: str) -> Series:
    points = one["points"]
    return Series(
        one["text"],
        kind,
        [(_place(p["step"]), str(p["step"]), p["value"], p["low"], p["high"]) for p in points],
    )


def _place(step: int) -> float:
    return math.log2(step + 1)
