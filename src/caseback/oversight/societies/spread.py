"""How far a planted value has spread, as figures with intervals over seeds."""

from collections.abc import Mapping, Sequence
from typing import Any

from caseback.stats.hedged_capital import hedged_sequence


def mean_of(shares: Sequence[float]) -> dict[str, Any]:
    """The mean of shares in [0, 1] over independent seeds, with an interval that holds at any number of them.

    The interval is the last of a betting sequence (see ``stats.hedged_capital``): no assumption of how the shares are
    distributed, so it is wide for few seeds.
    """
    if not shares:
        return {"value": None, "low": 0.0, "high": 1.0, "n": 0}
    held = [min(1.0, max(0.0, share)) for share in shares]
    sequence = hedged_sequence(held)
    low, high = float(sequence.low[-1]), float(sequence.high[-1])
    return {"value": sum(held) / len(held), "low": low, "high": high, "n": len(held)}


def spread_of(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The share of ordinary agents at the planted value in the last round, over societies."""
    return mean_of([run["spread"][-1] for run in runs])


def by_round(runs: Sequence[Mapping[str, Any]]) -> list[float]:
    """The mean share of ordinary agents at the planted value after each round, the first in which all speak alone."""
    return [sum(shares) / len(shares) for shares in zip(*(run["spread"] for run in runs), strict=True)]
