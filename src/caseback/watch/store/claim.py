"""Who writes a store: one process at a time."""

import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from caseback.errors import CasebackError
from caseback.watch.store.postgres import PostgresStore
from caseback.watch.store.sqlite import SQLiteStore
from caseback.watch.store.store import Store

LOCK = "SELECT pg_try_advisory_lock(hashtext('caseback writer')) AS own"
HOLDER = (
    "SELECT pid, client_addr, backend_start FROM pg_stat_activity WHERE pid = (SELECT pid FROM pg_locks"
    " WHERE locktype = 'advisory' AND granted AND objid = (hashtext('caseback writer')::bigint & 4294967295)::oid"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 1)"
)


@contextmanager
def claimed(store: Store, journal: Path) -> Iterator[Callable[[], None]]:
    """Makes this process the store's and the journal's only writer.

    Gives a function to call after the store was away: it makes sure that nobody else took it meanwhile.

    Raises:
        CasebackError: another writes it, and who.
    """
    with locked(journal / ".writer", f"journal {journal}"):
        if isinstance(store, PostgresStore):
            _claim(store)
            try:
                yield lambda: _claim(store)
            finally:
                store.close()
        elif isinstance(store, SQLiteStore):
            with locked(store.path.with_name(f"{store.path.name}.writer"), f"store {store.where}"):
                yield lambda: None
        else:
            raise CasebackError(f"{store.where}: neither SQLite nor PostgreSQL")


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Makes this process the only one that writes ``what``, as long as all ask with the same file.

    Raises:
        CasebackError: another writes it, and who.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CasebackError(f"{path}: cannot be locked ({error.strerror})") from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = os.read(file, 1000).decode("utf-8", "replace") or "another process"
            raise CasebackError(f"{what} has a writer already: {who}; end that one first") from None
        os.ftruncate(file, 0)
        me = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        os.pwrite(file, json.dumps(me).encode(), 0)
        yield
    finally:
        os.close(file)


def _claim(store: PostgresStore) -> None:
    if not store.query(LOCK)[0]["own"]:
        who = store.query(HOLDER)
        said = f"server process {who[0]['pid']} from {who[0]['client_addr'] or 'this machine'}" if who else "another"
        raise CasebackError(f"store {store.where} has a writer already: {said}; end that one first")
