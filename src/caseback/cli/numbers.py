"""Numbers in one option, with commas between them."""

import math

from caseback.errors import CasebackError


def whole_numbers(text: str, what: str) -> list[int]:
    """The numbers in order, each once; ``what`` names one of them.

    Raises:
        CasebackError: a part is no whole number of 0 or more.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if wrong := [part for part in parts if not part.isdecimal()]:
        raise CasebackError(f"{what} {wrong[0]!r} is no whole number: give numbers with commas, such as 2,4,6")
    return list(dict.fromkeys(map(int, parts)))


def numbers(text: str, what: str, such: str) -> list[float]:
    """The numbers in order; ``what`` names one of them, ``such`` is an example.

    Raises:
        CasebackError: a part is no number, or not finite.
    """
    found = []
    for part in filter(None, map(str.strip, text.split(","))):
        try:
            found.append(float(part))
        except ValueError:
            raise CasebackError(f"{what} {part!r} is not a number: give numbers with commas, such as {such}") from None
        if not math.isfinite(found[-1]):
            raise CasebackError(f"{what} {part!r} is not finite: give numbers with commas, such as {such}")
    return found


def shares(text: str, what: str) -> list[float]:
    """The shares in order, each once; ``what`` names one of them.

    Raises:
        CasebackError: a part is no number between 0 and 1, or there is none.
    """
    such = "0.01,0.001"
    found = numbers(text, what, such)
    if wrong := [share for share in found if not 0 < share < 1]:
        raise CasebackError(f"{what} {wrong[0]} is not between 0 and 1: give shares with commas, such as {such}")
    if not found:
        raise CasebackError(f"no {what} given: give shares with commas, such as {such}")
    return list(dict.fromkeys(found))
