"""Studies and curves as plain data, for JSON files and pages."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from torch import Tensor

from caseback.interp.directions.dose import Curve
from caseback.interp.directions.study import Study
from caseback.stats.paired import PairedDifference
from caseback.stats.rate import Rate

STUDY_KIND, CURVE_KIND, VERSION = "caseback direction study", "caseback steering", 1


def study_data(study: Study, name: str, about: str, subject: str, model: str, world: str, n: int, seed: int) -> Any:
    """A study: every figure with its interval, every figure that is missing null. Vectors are left out."""
    return {
        "kind": STUDY_KIND, "version": VERSION, "name": name, "about": about, "subject": subject, "model": model,
        "world": world, "n": n, "seed": seed, **plain(study),
    }  # fmt: skip


def curve_data(curve: Curve, about: str, step: float, subject: str, model: str, world: str) -> Any:
    """A dose–response curve."""
    return {
        "kind": CURVE_KIND, "version": VERSION, "about": about, "step": step, "subject": subject, "model": model,
        "world": world, **plain(curve),
    }  # fmt: skip


def plain(value: Any) -> Any:
    """Dataclasses as objects, rates with their value, what is not finite as null, tensors left out."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if not is_dataclass(value):
        return value
    made = {
        item.name: plain(getattr(value, item.name))
        for item in fields(value)
        if not isinstance(getattr(value, item.name), Tensor)
    }
    return {"value": plain(value.value), **made} if isinstance(value, (Rate, PairedDifference)) else made
