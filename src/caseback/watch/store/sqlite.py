"""The store in an SQLite file, in WAL mode: one writes while any number read."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from caseback.errors import CasebackError
from caseback.watch.store.store import Row, StoreAwayError, Value
from caseback.watch.store.tables import for_sqlite

PATIENCE = 5.0
"""Seconds to wait for another's lock."""
PRAGMAS = ("journal_mode = WAL", "synchronous = NORMAL", "secure_delete = ON", "cache_size = -32768")
AWAY = ("locked", "busy", "full", "disk i/o", "readonly", "unable to open")


class SQLiteStore:
    """``Store`` on a file. What is deleted is overwritten with zeros (``secure_delete``)."""

    def __init__(self, path: Path, make: bool = True) -> None:
        """Opens it.

        Raises:
            CasebackError: it cannot be opened, or is no SQLite file.
        """
        self.where, self.path = str(path), path
        self._lock, self._depth = threading.RLock(), 0
        if not make and not path.is_file():
            raise CasebackError(f"{path}: no store there; begin one with `caseback watch`")
        try:
            if make:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={'rwc' if make else 'rw'}",
                uri=True,
                timeout=PATIENCE,
                isolation_level=None,
                check_same_thread=False,
            )
        except (OSError, sqlite3.Error) as error:
            raise CasebackError(f"{path}: no store can be opened there ({_said(error)})") from None
        self._base.row_factory = sqlite3.Row
        try:
            with self._told():
                for pragma in PRAGMAS:
                    self._base.execute(f"PRAGMA {pragma}")
        except BaseException:
            self._base.close()
            raise

    def query(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        with self._lock, self._told():
            return [dict(row) for row in self._base.execute(sql, values)]

    def execute(self, sql: str, values: Sequence[Value] = ()) -> int:
        with self._lock, self._told():
            return self._base.execute(sql, values).rowcount

    def many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        with self._lock, self._told():
            self._base.executemany(sql, rows)

    def script(self, sql: str) -> None:
        with self._lock, self._told():
            self._base.executescript(for_sqlite(sql))

    @contextmanager
    def transaction(self, durable: bool = False) -> Iterator[None]:
        with self._lock:
            if self._depth:
                yield
                return
            try:
                with self._told():
                    if durable:
                        self._base.execute("PRAGMA synchronous = FULL")
                    self._base.execute("BEGIN IMMEDIATE")
                self._depth = 1
                yield
                with self._told():
                    self._base.execute("COMMIT")
            except BaseException:
                if self._base.in_transaction:
                    self._base.rollback()
                raise
            finally:
                self._depth = 0
                if durable:
                    self._base.execute("PRAGMA synchronous = NORMAL")

    def scrub(self) -> bool:
        """Empties the write-ahead log, in which what was deleted may still stand. False where a reader holds it."""
        with self._lock, self._told():
            return not self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]

    def close(self) -> None:
        with self._lock:
            self._base.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            kind = StoreAwayError if any(word in str(error).lower() for word in AWAY) else CasebackError
            raise kind(f"{self.where}: {_said(error)}") from error
        except sqlite3.Error as error:
            raise CasebackError(f"{self.where}: {_said(error)}") from error


def _said(error: Exception) -> str:
    return " ".join(str(error).split())
