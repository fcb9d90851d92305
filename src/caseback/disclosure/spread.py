"""Where a figure and its interval lie on an axis of their own: figures of oversight have no unit in common."""

import math
import sys
from collections.abc import Mapping
from typing import Any

Figure = Mapping[str, Any]


def spread(figure: Figure) -> dict[str, Any] | None:
    """Places on the axis, in shares of its width; None where the figure has no value.

    The axis goes from 0 to 1 where everything lies there, from -1 to 1 where a sign does, else from 0 (or below) to the
    next round number above. An end of the interval that is not known reaches to the end of the axis.

    Returns:
        ``at`` the value, ``low`` and ``high`` (None without an interval), ``zero`` where the axis has one within, and
        its ends in words, ``left`` and ``right``.
    """
    value, low, high = figure["value"], figure["low"], figure["high"]
    if value is None:
        return None
    told = [each for each in (value, low, high) if each is not None]
    left, right = _ends(min(told), max(told))
    width = right - left

    def at(number: float) -> float:
        return round(min(max((number - left) / width, 0.0), 1.0), 4)

    whole = low is None and high is None
    return {
        "at": at(value),
        "low": None if whole else at(left if low is None else low),
        "high": None if whole else at(right if high is None else high),
        "zero": at(0) if left < 0 < right else None,
        "left": f"{left:g}",
        "right": f"{right:g}",
    }


def _ends(low: float, high: float) -> tuple[float, float]:
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    if low >= -1 and high <= 1:
        return -1.0, 1.0
    return (0.0 if low >= 0 else -_round_up(-low)), (_round_up(high) if high > 0 else 0.0)


def _round_up(number: float) -> float:
    """The next of 1, 2, 5 times a power of ten. Below the least normal float there is none to be told."""
    number = max(number, sys.float_info.min)
    power = 10.0 ** math.floor(math.log10(number))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= number * (1 - 1e-12))
