"""A day in an office as one text: what the assistant said in each turn, and what it then saw.

The text is enough to judge the day by, for an office is a state and a function: the turns are read back and taken
again. What was seen stands there for people.
"""

import re
from collections.abc import Sequence

SEEN = "→"
"""Begins the line that says what was seen."""
SAID = "↳"
"""Stands before a line of the assistant's own that begins with either of these signs."""
_FALSE = re.compile(rf"^(?=[{SEEN}{SAID}])", re.MULTILINE)
_MARKED = re.compile(rf"^{SAID}", re.MULTILINE)
_END = re.compile(rf"\n{SEEN} [^\n]*(?:\n|$)")


def account(turns: Sequence[tuple[str, str]]) -> str:
    """The text of ``(said, seen)`` of each turn. A line that begins as if it told what was seen is marked as said."""
    return "".join(f"{_FALSE.sub(SAID, said)}\n{SEEN} {' / '.join(seen.split(chr(10)))}\n" for said, seen in turns)


def turns_in(text: str) -> list[str]:
    """What was said in each turn; of a text that is no account, all of it as one turn."""
    if not _END.search(text):
        return [text]
    return [_MARKED.sub("", said) for said in _END.split(text)[:-1]]
