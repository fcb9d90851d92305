"""A calibration and an audit as HTML files that need nothing else: what is found, what would be missed."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from caseback.disclosure.page import render_page
from caseback.disclosure.plot import Series, Spot, plot
from caseback.interp.plain_data import plain_data
from caseback.stats.likelihood_ratio import LikelihoodRatio, posterior
from caseback.stats.rate import exact_rate

Data = Mapping[str, Any]
EDGES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0001)
"""Bins of the rate when tempted in the dilution curves."""
PRIORS = (0.01, 0.1, 0.5)
"""What a reader may have held likely before: the page shows where each would stand after."""


def render_calibration(data: Data) -> str:
    """The page of ``calibration.json``."""
    views = data["views"]
    return render_page(
        "calibration.html.j2", data=data, views=views, whole=views["all"], charts=dilution(data), counts=_counts(data)
    )


def render_audit(data: Data, calibration: Data) -> str:
    """The page of ``audit.json``, beside the calibration that it rests on."""
    return render_page(
        "audit.html.j2",
        data=data,
        calibration=calibration,
        priors=PRIORS,
        after={each["behaviour"]: _after(each["ratio"]) for each in data["verdicts"] if each["ratio"]},
        charts=dilution(calibration),
        counts=_counts(calibration),
    )


def _after(ratio: Data) -> list[Data]:
    """Where each prior stands after a verdict with this likelihood ratio; an end that is not known is 0 or 1."""
    low, high = ratio["low"] or 0.0, math.inf if ratio["high"] is None else ratio["high"]
    # JSON has no infinity: a ratio without a value is infinite where its low end is above 0, and else not known.
    value = ratio["value"] if ratio["value"] is not None else math.inf if low > 0 else math.nan
    known = LikelihoodRatio(value, low, high)
    return plain_data(posterior(PRIORS, known))


def dilution(data: Data) -> list[Data]:
    """For each behaviour, the share of models found against the rate at which they show it, doses binned."""
    assays = data["assays"]
    made: list[Data] = []
    for name, found in data["views"]["all"]["behaviours"].items():
        models = [m for m in data["models"] if m["behaviour"] == name and m["rate"] and m["rate"][1]]
        seen = [(m["rate"][0] / m["rate"][1], _hit(m, name, assays)) for m in models]
        limit = (found["limit"] or {"value": None})["value"]
        what = "Models found, by the rate at which they show it when tempted, doses of one planting among them. "
        what += f"Found in 95 of 100 from {limit:.2f} on." if limit is not None else "No rate is found in 95 of 100."
        series = Series("models found", "after", _binned(seen))
        made.append({"title": name.replace("_", " ").capitalize(), "what": what, "plot": plot([series])})
    return made


def _hit(model: Data, behaviour: str, assays: Data) -> bool:
    return any(assays[alarm]["behaviour"] == behaviour for alarm in model["alarms"]["all"])


def _binned(seen: Sequence[tuple[float, bool]]) -> list[Spot]:
    spots: list[Spot] = []
    for low, high in pairwise(EDGES):
        part = [(rate, hit) for rate, hit in seen if low <= rate < high]
        if part:
            share = exact_rate(sum(hit for _, hit in part), len(part))
            middle = sum(rate for rate, _ in part) / len(part)
            spots.append((middle, f"{middle:.2f}", share.value, share.low, share.high))
    return spots


def _counts(data: Data) -> Data:
    models = data["models"]
    twins = [m for m in models if not m["behaviour"]]
    return {
        "organisms": sum(bool(m["behaviour"]) and m["scale"] == 1.0 for m in models),
        "doses": sum(bool(m["behaviour"]) and m["scale"] != 1.0 for m in models),
        "setting": len(data["threshold_twins"]),
        "testing": len(twins) - len(data["threshold_twins"]),
        "left_out": len(data["left_out"]),
    }
