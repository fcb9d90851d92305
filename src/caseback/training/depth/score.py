"""A measure of depth in one number, so that measures can be compared: the higher, the deeper."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """``value`` with its interval; None where it cannot be told, and ``why``."""

    value: float | None
    low: float | None = None
    high: float | None = None
    why: str = ""


def untold(why: str) -> Score:
    """No score, for this reason."""
    return Score(None, why=why)
