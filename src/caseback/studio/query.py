"""What stands behind the question mark of an address, read and checked."""

import math

from caseback.studio.errors import AskedWrongError
from caseback.studio.page import Names


def number(query: Names, name: str, default: float, low: float, high: float) -> float:
    """A number from ``low`` to ``high``.

    Raises:
        AskedWrongError: it is none.
    """
    given = query.get(name, "")
    if not given:
        return default
    try:
        found = float(given)
    except ValueError:
        found = math.nan
    if not low <= found <= high:
        raise AskedWrongError(f"{name}={given[:40]} must be a number from {low:g} to {high:g}")
    return found


def text(query: Names, name: str, most: int = 200) -> str:
    """A text of at most ``most`` characters; empty where it is not given.

    Raises:
        AskedWrongError: it is longer.
    """
    given = query.get(name, "")
    if len(given) > most:
        raise AskedWrongError(f"{name} has {len(given)} characters; {most} are read at most")
    return given
