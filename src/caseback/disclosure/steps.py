"""A page of models made one after the other, such as rounds of repair or generations: rates by step, with intervals."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from caseback.disclosure.page import render_page
from caseback.dossier.measure import write_text

HEIGHT, FOOT = 190, 24
"""Of a chart, and of the names beneath it, in pixels."""
TICKS = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Where the axis of a chart may end."""


def write_steps(page: Path, data: Path, steps: Mapping[str, Any]) -> Path:
    """Write the steps as HTML and as JSON.

    Args:
        page: the HTML file.
        data: the JSON file.
        steps: ``title``, ``lead``, ``head`` of the dossier, ``series`` (arm: how it is called, and ``before``,
            ``after`` or ``other`` for its colour), and ``steps``, each with ``name``, ``status``, ``why``, ``record``,
            ``notes``, ``diffs`` and ``arms``: by arm the rates ``violations``, ``capability`` and ``behaviours``.

    Returns:
        The HTML file.

    Raises:
        CasebackError: where one cannot be written.
    """
    write_text(data, json.dumps(steps, ensure_ascii=False, indent=1) + "\n")
    charts = [chart(steps, "violations", "Goes against the document"), chart(steps, "capability", "Answers right")]
    write_text(page, render_page("steps.html.j2", page=steps, charts=charts, behaviours=_behaviours(steps)))
    return page


def chart(steps: Mapping[str, Any], what: str, title: str) -> dict[str, Any]:
    """Where the marks of a chart stand: x in percent of its width, y in pixels, of each step and arm with a rate."""
    rates = [
        (place, turn, step, arm, step["arms"][arm][what])
        for place, step in enumerate(steps["steps"])
        for turn, arm in enumerate(steps["series"])
        if arm in step["arms"] and step["arms"][arm][what]["n"]
    ]
    top = next((tick for tick in TICKS if tick >= max((rate["high"] for *_, rate in rates), default=1.0)), 1.0)
    columns, arms = max(1, len(steps["steps"])), len(steps["series"])

    def y(share: float) -> float:
        return round(HEIGHT - (HEIGHT - 8) * share / top, 1)

    return {
        "title": title,
        "height": HEIGHT + FOOT,
        "floor": HEIGHT,
        "lines": [{"y": y(top * part / 4), "share": top * part / 4} for part in range(5)],
        "names": [
            {
                "x": round(100 * (place + 0.5) / columns, 2),
                "name": " · ".join(filter(None, (step["name"], step["status"]))),
            }
            for place, step in enumerate(steps["steps"])
        ],
        "marks": [
            {
                "x": round(100 * (place + (turn + 1) / (arms + 1)) / columns, 2),
                "y": y(rate["k"] / rate["n"]),
                "low": y(rate["low"]),
                "high": y(rate["high"]),
                "kind": steps["series"][arm]["kind"],
                "said": f"{step['name']}, {steps['series'][arm]['name']}: {rate['k']} of {rate['n']}, "
                f"{rate['low']:.3f} to {rate['high']:.3f}",
            }
            for place, turn, step, arm, rate in rates
        ],
    }


def _behaviours(steps: Mapping[str, Any]) -> Sequence[str]:
    """All that were measured in any step, in order of first appearance."""
    names = [name for step in steps["steps"] for arm in step["arms"].values() for name in arm["behaviours"]]
    return list(dict.fromkeys(names))
