"""Figures and moments as a reader takes them in."""

from datetime import UTC, datetime


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
