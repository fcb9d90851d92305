"""Characters: personas that a system text gives, and what named agents are known for."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Character:
    """How it is described (``{n}`` is its name, where it has one), and per kind whether its answer is the good one."""

    texts: tuple[str, ...]
    effects: Mapping[str, bool]
