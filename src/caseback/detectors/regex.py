"""Patterns in RE2's dialect, which search in time linear in the text, whatever the pattern.

Cox 2010, *Regular expression matching in the wild*: no backreferences and no look-around, and so no backtracking.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from caseback.errors import CasebackError

LONGEST, MOST = 2_000, 200
"""Characters of a pattern, and patterns of a detector."""
SPANS = 100
"""Places reported of one pattern in one text."""


def compiled(pattern: str) -> Any:
    """The pattern, ready to search.

    Raises:
        CasebackError: it is too long, RE2 refuses it, or it finds the empty text and so would be found everywhere.
    """
    import re2

    if len(pattern) > LONGEST:
        raise CasebackError(f"pattern {pattern[:40]!r}… has {len(pattern)} characters; {LONGEST} are allowed: split it")
    options = re2.Options()
    options.log_errors = False
    try:
        made = re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        why = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise CasebackError(
            f"pattern {pattern[:80]!r} is not in RE2's dialect ({why}): it has no backreferences and no look-around"
        ) from None
    if made.search(""):
        raise CasebackError(f"pattern {pattern[:80]!r} is found in an empty text, so it would be found everywhere")
    return made


def places(pattern: str, text: str) -> Iterator[tuple[int, int]]:
    """Where the pattern is found: start and end in characters, ``SPANS`` of them at most."""
    return (match.span() for match in islice(compiled(pattern).finditer(text), SPANS))
