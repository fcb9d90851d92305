"""Numbers in one option, with commas between them."""

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


def shares(text: str, what: str) -> list[float]:
    """The shares in order, each once; ``what`` names one of them.

    Raises:
        CasebackError: a part is no number between 0 and 1, or there is none.
    """
    found = []
    for part in filter(None, map(str.strip, text.split(","))):
        try:
            found.append(float(part))
        except ValueError:
            found.append(-1.0)
        if not 0 < found[-1] < 1:
            raise CasebackError(f"{what} {part!r} is not between 0 and 1: give shares with commas, such as 0.01,0.001")
    if not found:
        raise CasebackError(f"no {what} given: give shares with commas, such as 0.01,0.001")
    return list(dict.fromkeys(found))
