"""The store on a PostgreSQL server."""

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from caseback.errors import CasebackError
from caseback.watch.store.store import Row, StoreAwayError, Value
from caseback.watch.store.tables import for_postgres

CONNECT = 10
"""Seconds to wait for the server."""


class PostgresStore:
    """``Store`` on a server. After it was away the next call connects anew. Every commit is as durable as it says."""

    def __init__(self, where: str) -> None:
        """Connects.

        Raises:
            CasebackError: psycopg is not installed; ``StoreAwayError`` where the server does not answer.
        """
        try:
            import psycopg
        except ImportError:
            raise CasebackError("a PostgreSQL store needs psycopg: pip install 'caseback[postgres]'") from None
        self._psycopg: Any = psycopg
        self._address = where
        self.where = without_password(where)
        self._lock, self._depth = threading.RLock(), 0
        self._base: Any = None
        with self._told():
            self._connect()

    def query(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        with self._lock, self._told():
            found: list[Row] = self._ready().execute(for_postgres(sql), tuple(values)).fetchall()
            return found

    def execute(self, sql: str, values: Sequence[Value] = ()) -> int:
        with self._lock, self._told():
            return int(self._ready().execute(for_postgres(sql), tuple(values)).rowcount)

    def many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        with self._lock, self._told(), self._ready().cursor() as cursor:
            cursor.executemany(for_postgres(sql), [tuple(row) for row in rows])

    def script(self, sql: str) -> None:
        with self._lock, self._told(), self.transaction():
            # Two that make the same table at once would otherwise trip over each other.
            self._ready().execute("SELECT pg_advisory_xact_lock(hashtext('caseback tables'))")
            self._ready().execute(sql)

    @contextmanager
    def transaction(self, durable: bool = False) -> Iterator[None]:
        with self._lock:
            if self._depth:
                yield
                return
            with self._told():
                base = self._ready()
                base.execute("BEGIN")
            self._depth += 1
            try:
                yield
                with self._told():
                    base.execute("COMMIT")
            except BaseException:
                with self._swallowed():
                    base.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def scrub(self) -> bool:
        """Rewrites the texts, so that what was deleted is no longer in the table's files. Locks them meanwhile."""
        with self._lock, self._told():
            self._ready().execute("VACUUM FULL texts")
        return True

    def close(self) -> None:
        with self._lock:
            if self._base is not None:
                self._base.close()

    def _connect(self) -> None:
        from psycopg.rows import dict_row

        self._base = self._psycopg.connect(
            self._address, autocommit=True, row_factory=dict_row, connect_timeout=CONNECT, application_name="caseback"
        )

    def _ready(self) -> Any:
        """The connection; a lost one is made anew, but never in the middle of a transaction."""
        if (self._base is None or self._base.closed) and not self._depth:
            self._connect()
        return self._base

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (self._psycopg.OperationalError, self._psycopg.InterfaceError) as error:
            raise StoreAwayError(f"{self.where}: {_said(error)}") from error
        except self._psycopg.Error as error:
            raise CasebackError(f"{self.where}: {_said(error)}") from error

    @contextmanager
    def _swallowed(self) -> Iterator[None]:
        """For a rollback on a connection that is gone, which has rolled back by itself."""
        try:
            yield
        except self._psycopg.Error:
            self._base.close()


def _said(error: Exception) -> str:
    return " ".join(str(error).split())


def without_password(where: str) -> str:
    """The address of a store as it may be shown: who, host and database, and nothing that stands behind them.

    Where an @ stands behind the host a password may, too, in which nobody quoted what had to be: nothing is shown then.
    """
    scheme, mark, rest = where.partition("://")
    place = re.split(r"[/?#]", rest)[0]
    if "@" in rest[len(place) :]:
        return f"{scheme}{mark}…"
    who, at, host = place.rpartition("@")
    who = f"{user}@" if at and (user := who.partition(":")[0]) else ""
    return f"{scheme}{mark}{who}{host}" + re.split(r"[?#]", rest[len(place) :])[0]
