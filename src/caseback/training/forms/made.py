"""What making one form of training data gave."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from caseback.training.datum import Datum
from caseback.training.sample import Case


@dataclass(frozen=True)
class Made:
    """``data`` train the arm; ``cases`` are their prompts, on which the control answers by itself; ``report`` is plain
    data, for the record."""

    data: list[Datum] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    report: Mapping[str, Any] = field(default_factory=dict)
