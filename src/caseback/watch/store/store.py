"""The store: rows of SQL, in an SQLite file or on a PostgreSQL server, behind the same five functions."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from caseback.errors import CasebackError

Value = str | int | float | bytes | None
Row = dict[str, Any]


class StoreAwayError(CasebackError):
    """The store cannot be read or written now: locked, a full disk, a server that is gone. Try again later."""


class Store(Protocol):
    """A connection. Threads may share one; they then wait for each other. Open one each to work side by side.

    The SQL is what SQLite and PostgreSQL both understand, with ``?`` for values. Every function raises
    ``StoreAwayError`` where the store cannot be had, and ``CasebackError`` where the SQL is at fault.
    """

    where: str

    def query(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """The rows, by column."""

    def execute(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Runs a statement; the number of rows that it changed."""

    def many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Runs a statement for each row."""

    def script(self, sql: str) -> None:
        """Runs the statements of a file, such as ``CREATE TABLE IF NOT EXISTS …``, written as in ``schema.sql``."""

    def transaction(self, durable: bool = False) -> AbstractContextManager[None]:
        """All that is run within, or nothing. Within another it is part of that one.

        Without ``durable`` it survives a killed process; with it, a power cut too.
        """

    def close(self) -> None:
        """Closes the connection."""
