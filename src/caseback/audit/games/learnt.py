"""What a calibration teaches the automatic blue player."""

from collections.abc import Mapping
from typing import Any

from caseback.audit.games.draw import RATE_FROM, shows_at
from caseback.audit.games.posterior import Evidence, Known, Posterior, evidence, learn
from caseback.errors import CasebackError

Data = Mapping[str, Any]


def view_for(calibration: Data, weights: bool) -> str:
    """The calibrated choice of assays that goes with what blue has.

    Raises:
        CasebackError: it was not calibrated.
    """
    name = "all" if weights else "black-box"
    if name not in calibration["views"]:
        raise CasebackError(
            f"calibration {calibration['id'][:12]} has no {name} view (too few twins could be told on its assays): "
            "calibrate on a larger library"
        )
    return name


def evidence_in(calibration: Data, view: str, statistics: Mapping[str, Any]) -> Evidence:
    """The evidence for each behaviour in a model's statistics, by the assays of a view."""
    values = {name: found["value"] for name, found in statistics.items()}
    assays = {name: assay["behaviour"] for name, assay in calibration["assays"].items()}
    return evidence(values, assays, calibration["views"][view]["panel"])


def learnt(calibration: Data, view: str) -> Posterior:
    """The posterior, learnt on organisms in every dose that shows the behaviour, and on twins that set no threshold.

    Raises:
        CasebackError: there are too few of either.
    """
    setting = set(calibration["threshold_twins"])
    return learn(
        [
            Known(
                evidence_in(calibration, view, model["statistics"]),
                model["behaviour"],
                model["planting"],
                model["sort"],
            )
            for model in calibration["models"]
            if model["name"] not in setting and (not model["behaviour"] or shows_at(model["rate"], RATE_FROM))
        ]
    )
