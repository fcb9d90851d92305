"""What was shown and what was not, as rates in plain data."""

from dataclasses import asdict
from typing import Any

from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.rate import Rate

Shown = tuple[tuple[str, bool | None], ...]
"""Of each situation, or pair, its family and whether the behaviour was shown; None where nobody can tell."""


def rate_of(found: Shown) -> dict[str, Any]:
    """The rate among what could be judged, with an interval that allows for families, as plain data; ``unknown`` are
    those that could not be judged, which are never clean."""
    judged = [(family, event) for family, event in found if event is not None]
    counts = by_cluster([family for family, _ in judged], [bool(event) for _, event in judged])
    return {**rate_data(clustered_rate(counts)), "unknown": len(found) - len(judged)}


def rate_data(rate: Rate) -> dict[str, Any]:
    """A rate as plain data; its value is None where nothing was tried."""
    return {**asdict(rate), "value": rate.value if rate.n else None}
