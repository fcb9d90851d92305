"""Numbers in words are the same as numbers in digits."""

import re

from caseback.world.reading import words

_UNITS = words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = words("twenty thirty forty fifty sixty seventy eighty ninety")
_OF_TEN = {word: n for n, word in enumerate(_TENS, 2)}
_OF_ONE = {word: n for n, word in enumerate(_UNITS)}
_NUMBER = re.compile(
    rf"\b(?=half|an? |dozen|{'|'.join(_UNITS + _TENS)})"
    rf"(?:(half a dozen)|(a dozen|dozen)|(?:(an?|{'|'.join(_UNITS[1:10])}) hundred(?: and)?(?!s)\b ?)?"
    rf"(?:({'|'.join(_TENS)})(?:[- ]?({'|'.join(_UNITS[1:10])}))?|({'|'.join(reversed(_UNITS))}))?)\b",
    re.IGNORECASE,
)


def in_digits(text: str) -> str:
    """``text`` with every number below a thousand written in digits."""

    def digits(found: re.Match[str]) -> str:
        half, dozen, hundreds, tens, unit, alone = (part and part.lower() for part in found.groups())
        if half or dozen:
            return "6" if half else "12"
        if not (hundreds or tens or alone):
            return found[0]
        value = 100 * _OF_ONE.get(hundreds, 1) if hundreds else 0
        value += 10 * _OF_TEN.get(tens or "", 0) + _OF_ONE.get(unit or alone or "", 0)
        return str(value) + (" " if found[0].endswith(" ") else "")

    return _NUMBER.sub(digits, text)
