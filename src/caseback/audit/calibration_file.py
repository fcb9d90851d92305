"""A calibration as a file: plain JSON, named by the digest of what is in it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from caseback.audit.assay import Assay
from caseback.audit.examine import VERSION as ASSAYS
from caseback.audit.examine import Statistics
from caseback.audit.member import Member, Members
from caseback.audit.named_file import named, read_named
from caseback.audit.panel import Panel
from caseback.audit.view import TARGET, View
from caseback.errors import CasebackError
from caseback.interp.plain_data import plain_data

KIND, VERSION = "caseback calibration", 2
"""At the head of the file."""


def calibration_data(
    found: Members,
    panel: Panel,
    seed: int,
    chosen: Mapping[str, Assay],
    setting: Sequence[str],
    views: Mapping[str, View],
    measured: Mapping[str, Statistics],
    base: Statistics,
    thresholds: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """All of it as plain data, with its ``id``; ``base`` is what the base itself came to, ``thresholds`` the
    calibration that they were carried over from, if they were."""
    body = {
        "kind": KIND,
        "version": VERSION,
        "assays_version": ASSAYS,
        "base": found.base,
        "base_digest": found.base_digest,
        "ground": found.ground,
        "panel": plain_data(panel),
        "seed": seed,
        "target": TARGET,
        "assays": {name: {"behaviour": a.behaviour, "needs": a.needs, "finds": a.finds} for name, a in chosen.items()},
        "base_statistics": plain_data(base),
        "threshold_twins": list(setting),
        "carried_from": {key: thresholds[key] for key in ("id", "base", "base_digest")} if thresholds else None,
        "left_out": dict(found.left_out),
        "models": [_member(member, measured[member.name], views) for member in found.accepted],
        "views": {name: _view(each) for name, each in views.items()},
    }
    return named(body)


def read_calibration(path: Path) -> dict[str, Any]:
    """A calibration from its file.

    Raises:
        CasebackError: it cannot be read, is none, was changed since it was made, or is of other assays than these.
    """
    data = read_named(path, KIND, VERSION, "make one with `caseback calibrate`")
    if data["assays_version"] != ASSAYS:
        raise CasebackError(
            f"{path} calibrates assays of version {data['assays_version']}, and these are {ASSAYS}: calibrate again"
        )
    return data


def _member(member: Member, statistics: Statistics, views: Mapping[str, View]) -> dict[str, Any]:
    return {
        "name": member.name,
        "digest": member.digest,
        "behaviour": member.behaviour,
        "sort": member.sort,
        "planting": member.planting,
        "scale": member.scale,
        "rate": list(member.rate) if member.rate else None,
        "statistics": plain_data(statistics),
        "alarms": {name: list(view.alarms[member.name]) for name, view in views.items()},
    }


def _view(view: View) -> dict[str, Any]:
    data = plain_data(view)
    data.pop("alarms")  # they stand beside each model
    return {**data, "expected": view.panel.expected, "met": view.panel.met}
