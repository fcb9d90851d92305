"""The store: rows of SQL, in an SQLite file or on a PostgreSQL server, behind the same five functions."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from caseback.errors import CasebackError

Value = str | int | float | bytes | None
Row = dict[str, Any]
POSTGRES = ("postgresql://", "postgres://")


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


def open_store(where: str | Path, *, make: bool = True) -> Store:
    """A connection to the store, made with its tables where there is none yet.

    Args:
        where: Path of an SQLite file; a folder, which has it as ``store.sqlite``; or ``postgresql://user@host/name``.
        make: Whether to make it. Without, a store that is not there is an error, and nothing is written.

    Raises:
        CasebackError: it cannot be opened, or is none.
    """
    from caseback.watch.store.postgres import PostgresStore
    from caseback.watch.store.sqlite import SQLiteStore
    from caseback.watch.store.tables import make_tables

    store: Store
    if str(where).startswith(POSTGRES):
        store = PostgresStore(str(where))
    else:
        path = Path(where)
        store = SQLiteStore(path if path.suffix and not path.is_dir() else path / "store.sqlite", make)
    try:
        if make:
            make_tables(store)
        else:
            _look(store)
    except BaseException:
        store.close()
        raise
    return store


def _look(store: Store) -> None:
    try:
        store.query("SELECT number FROM exchanges LIMIT 1")
    except StoreAwayError:
        raise
    except CasebackError:
        raise CasebackError(f"{store.where}: no store of the watch; begin one with `caseback watch`") from None
