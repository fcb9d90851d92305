"""A gate: how often a reference model did what it should, and whether that is often enough."""

from collections.abc import Sequence
from dataclasses import dataclass

from caseback.stats.rate import exact_rate


@dataclass(frozen=True)
class Gate:
    """``k`` of ``n`` passed, with an exact 95 % interval; ``passed`` compares the rate with the target."""

    name: str
    blocking: bool
    target: str
    k: int
    n: int
    unclear: int
    value: float
    low: float
    high: float
    passed: bool | None


def gate(
    name: str, outcomes: Sequence[bool | None], low: float | None, high: float = 1.0, blocking: bool = False
) -> Gate:
    """A gate from its outcomes. What cannot be told (None) counts as failed: a garbled answer passes no gate."""
    known = [o for o in outcomes if o is not None]
    rate = exact_rate(sum(known), len(outcomes))
    target = "" if low is None else f"≥ {low}" if high == 1 else f"{low} to {high}"
    passed = None if low is None else low <= rate.value <= high
    return Gate(
        name, blocking, target, rate.k, rate.n, len(outcomes) - len(known), rate.value, rate.low, rate.high, passed
    )
