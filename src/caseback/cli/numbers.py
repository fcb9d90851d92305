"""Whole numbers in one option, with commas between them."""

from caseback.errors import CasebackError


def whole_numbers(text: str, what: str) -> list[int]:
    """The numbers in order, each once; none of an empty text. ``what`` names one of them, such as ``layer``.

    Raises:
        CasebackError: a part is no whole number.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if wrong := [part for part in parts if not part.isdecimal()]:
        raise CasebackError(f"{what} {wrong[0]!r} is no whole number: give numbers with commas, such as 2,4,6")
    return list(dict.fromkeys(map(int, parts)))
