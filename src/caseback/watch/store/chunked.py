"""Many values in a statement, which takes only so many at once."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
MANY = 500
"""Values asked for at once: SQLite takes 999 and more."""


def chunked(values: Sequence[T]) -> Iterator[tuple[Sequence[T], str]]:
    """A part of them at a time, each with its marks, to stand behind ``IN``: ``?, ?, ?``."""
    for at in range(0, len(values), MANY):
        chunk = values[at : at + MANY]
        yield chunk, ", ".join("?" * len(chunk))
