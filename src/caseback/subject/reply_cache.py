"""Replies of closed subjects kept on disk, so that an interrupted run pays for nothing twice."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from caseback.errors import CasebackError
from caseback.subject.subject import Reply


def request_key(address: str, body: Mapping[str, Any]) -> str:
    """What a reply is kept under: the digest of address and request. The key to the address is no part of it."""
    text = json.dumps({"address": address, "body": body}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class ReplyCache:
    """A table of replies in an SQLite file. Every ``put`` is on disk when it returns, or not there at all."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self.connection = connection
        self.path = path

    def get(self, key: str) -> Reply | None:
        """The reply kept under this key."""
        row = self.connection.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        kept = json.loads(row[0])
        return Reply(**{**kept, "tokens": tuple(kept["tokens"]), "logprobs": tuple(kept["logprobs"])})

    def put(self, key: str, reply: Reply) -> None:
        """Keep a reply."""
        try:
            with self.connection:
                self.connection.execute(
                    "INSERT OR REPLACE INTO replies VALUES (?, ?)", (key, json.dumps(asdict(reply)))
                )
        except sqlite3.Error as error:
            raise CasebackError(f"the reply cache {self.path} cannot be written ({error}); free space there") from None


@contextmanager
def open_reply_cache(path: str | Path | None) -> Iterator[ReplyCache]:
    """The cache at ``path``, made if need be; with None, one in memory that is forgotten.

    Raises:
        CasebackError: the file cannot be opened or is not a cache.
    """
    place = ":memory:" if path is None else str(Path(path).expanduser())
    try:
        if path is not None:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(place, timeout=60)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, reply TEXT NOT NULL)")
    except (sqlite3.Error, OSError) as error:
        raise CasebackError(f"the reply cache {place} cannot be opened ({error}); move it or name another") from None
    try:
        yield ReplyCache(connection, place)
    finally:
        connection.close()
