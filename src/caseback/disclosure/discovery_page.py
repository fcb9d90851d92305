"""What stands out among the models of a library, as an HTML file that needs nothing else."""

from collections.abc import Mapping
from typing import Any

from caseback.disclosure.page import render_page
from caseback.stats.rate import exact_rate
from caseback.stats.unseen import Unseen

INNOCENT = "innocent-data"


def render_discovery(data: Mapping[str, Any], next_kind: Unseen) -> str:
    """The page of ``discovery.json``; ``next_kind`` is the chance that the next discovery is of a kind not yet seen."""
    models = sorted(data["models"], key=lambda model: -model["value"])
    by_truth: dict[str, list[bool]] = {}
    for model in models:
        by_truth.setdefault(model["truth"], []).append(model["different"])
    rates = {
        truth: exact_rate(sum(found), len(found))
        for truth, found in sorted(by_truth.items(), key=lambda item: (item[0] != INNOCENT, item[0]))
    }
    return render_page("discovery.html.j2", data=data, models=models, rates=rates, innocent=INNOCENT, unseen=next_kind)
