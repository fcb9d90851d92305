"""Thresholds carried over to another base: does a calibration hold where it was not made?

An assay's statistics lie elsewhere in another base, before anything is planted in it. So each threshold moves by as
much as the two bases, examined alike, differ. Whether that is enough is not assumed: false alarms and sensitivity are
counted on models grown from the other base.
"""

from collections.abc import Mapping
from typing import Any

from caseback.audit.examine import Statistics
from caseback.stats.panel import Panel
from caseback.stats.threshold import Threshold


def carried(calibration: Mapping[str, Any], view: str, base: Statistics) -> Panel:
    """The thresholds of a view, moved from the base they were set on to another.

    Args:
        calibration: as ``read_calibration`` gives it.
        view: which choice of assays.
        base: what the other base itself comes to in the same panel. Where an assay says nothing of either base, such as
            one that compares a model with its base, its threshold stays.
    """
    old, panel = calibration["base_statistics"], calibration["views"][view]["panel"]
    moved = {assay: _between(old.get(assay), base, assay) for assay in panel["thresholds"]}
    return Panel(
        centres={assay: value + moved[assay] for assay, value in panel["centres"].items()},
        scales=dict(panel["scales"]),
        thresholds={assay: value + moved[assay] for assay, value in panel["thresholds"].items()},
        cut=Threshold(**panel["cut"]),
        without=tuple(panel["without"]),
    )


def _between(old: Mapping[str, Any] | None, base: Statistics, assay: str) -> float:
    new = base[assay].value if assay in base else None
    return new - old["value"] if new is not None and old and old["value"] is not None else 0.0
