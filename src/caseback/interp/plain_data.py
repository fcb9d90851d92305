"""Results as plain data: what JSON can hold, and nothing else."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from torch import Tensor

from caseback.stats.rate import Rate


def plain_data(value: Any) -> Any:
    """Dataclasses as objects, tuples as lists, figures that are not finite as null.

    Tensors are left out of objects: they go into safetensors files, not into JSON.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain_data(item) for key, item in value.items() if not isinstance(item, Tensor)}
    if isinstance(value, (list, tuple)):
        return [plain_data(item) for item in value]
    if not is_dataclass(value):
        return value
    made = {item.name: getattr(value, item.name) for item in fields(value)}
    return plain_data({"value": value.value, **made} if isinstance(value, Rate) else made)
