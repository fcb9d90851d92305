"""Figures and moments as a reader takes them in."""

from datetime import UTC, datetime
from typing import Any


def amount(value: float | None) -> str:
    """A number with as many digits as tell anything; thousands apart."""
    if value is None:
        return "–"
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def moment(time: float | None) -> str:
    """A Unix time as date and time of day, in UTC."""
    return "–" if time is None else f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S}"


def when(time: str | float | None) -> str:
    """The date of a moment, in ISO form or as Unix time."""
    return "–" if time is None else str(time)[:10] if isinstance(time, str) else f"{moment(time)[:10]}"


def ago(seconds: float | None) -> str:
    """How long ago it was."""
    if seconds is None:
        return "never"
    for size, name in ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "just now" if seconds < 10 else f"{seconds:.0f} seconds ago"


def interval_words(rate: Any) -> str:
    """A rate with its interval, for who listens to the page."""
    if not rate or not rate.get("n"):
        return "not measured"
    return f"{rate['k']} of {rate['n']}, interval {rate['low']:.3f} to {rate['high']:.3f}"
