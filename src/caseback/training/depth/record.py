"""A depth battery as plain data, for depth.json and for a dossier."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from caseback.stats.paired import PairedDifference
from caseback.stats.rate import Rate
from caseback.training.depth.battery import Arm, Depth
from caseback.training.depth.depth_file import KIND, VERSION


def depth_data(behaviours: Sequence[Depth]) -> dict[str, Any]:
    """Batteries as JSON data: every dataclass an object, every figure that is missing null."""
    return {"kind": KIND, "version": VERSION, "behaviours": [_plain(item) for item in behaviours]}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if not is_dataclass(value):
        return value
    made = {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, (Rate, PairedDifference)):
        return {"value": _plain(value.value), **made}
    return {**made, "scores": _plain(value.scores)} if isinstance(value, Arm) else made
