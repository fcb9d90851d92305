"""Deletion: what has expired goes, unless it is held, and a tombstone says what it was."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from caseback.errors import CasebackError
from caseback.watch.store.chunked import MANY, chunked
from caseback.watch.store.holds import HELD
from caseback.watch.store.postgres import PostgresStore
from caseback.watch.store.sqlite import SQLiteStore
from caseback.watch.store.store import Row, Store, Value


@dataclass(frozen=True)
class Deleted:
    """What a deletion did.

    Attributes:
        texts: How many.
        held: How many were due, and are held.
        gone: Whether their bytes are gone from the store's files too. False where a reader holds the log, or where
            nobody has asked yet (``scrub``).
    """

    texts: int
    held: int
    gone: bool


@dataclass(frozen=True)
class Tombstone:
    """What was deleted: ``what`` of the exchange at ``place`` (``store``, or a segment), when, by which rule, and the
    SHA-256 of what stood there.
    """

    exchange: str
    place: str
    what: str
    time: float
    rule: str
    digest: str


def expire(store: Store, now: float) -> Deleted:
    """Deletes the texts whose time is over and that are not held."""
    texts = 0
    while n := _delete(store, "expires <= ?", [now], now, "retention: its days were over"):
        texts += n
    held = store.query(
        "SELECT COUNT(*) AS n FROM texts JOIN exchanges ON exchanges.number = texts.exchange"
        f" WHERE expires <= ? AND {HELD}",
        [now],
    )
    gone = scrub(store) if texts and isinstance(store, SQLiteStore) else not texts
    return Deleted(texts, int(held[0]["n"]), gone)


def delete_texts(store: Store, ids: Sequence[str], *, rule: str, now: float) -> Deleted:
    """Deletes the texts of these exchanges, as when a person asks for it; those that are held stay.

    Raises:
        CasebackError: no rule is named.
    """
    if not rule.strip():
        raise CasebackError("a deletion needs its rule: why, and at whose wish")
    texts = held = 0
    for chunk, marks in chunked(ids):
        texts += _delete(store, f"exchanges.id IN ({marks})", chunk, now, rule)
        rows = store.query(
            "SELECT COUNT(*) AS n FROM texts JOIN exchanges ON exchanges.number = texts.exchange"
            f" WHERE exchanges.id IN ({marks})",
            chunk,
        )
        held += int(rows[0]["n"])
    return Deleted(texts, held, scrub(store) if texts and isinstance(store, SQLiteStore) else not texts)


def scrub(store: Store) -> bool:
    """Makes what was deleted vanish from the store's files; False where a reader is in the way.

    SQLite overwrites it on deletion, and what still stands in its log goes here. PostgreSQL rewrites the table, which
    locks it meanwhile; what stands in its write-ahead log and in backups goes when the server lets those go.
    """
    if isinstance(store, SQLiteStore | PostgresStore):
        return store.scrub()
    raise CasebackError(f"{store.where}: neither SQLite nor PostgreSQL")


def tombstones(store: Store, exchange: str = "") -> tuple[Tombstone, ...]:
    """What was deleted, of one exchange or of all, in time."""
    rows = store.query(
        "SELECT * FROM tombstones WHERE exchange = ? OR ? = '' ORDER BY time, exchange, place", [exchange, exchange]
    )
    return tuple(Tombstone(**row) for row in rows)


def _delete(store: Store, which: str, values: Sequence[Value], now: float, rule: str) -> int:
    with store.transaction(durable=True):
        rows: list[Row] = store.query(
            "SELECT exchange, id, texts.messages AS messages FROM texts"
            " JOIN exchanges ON exchanges.number = texts.exchange"
            f" WHERE {which} AND NOT {HELD} ORDER BY exchange LIMIT {MANY}",
            values,
        )
        store.many(
            "INSERT INTO tombstones (exchange, place, what, time, rule, digest) VALUES (?, 'store', 'text', ?, ?, ?)"
            " ON CONFLICT (exchange, place, what) DO NOTHING",
            [(row["id"], now, rule, hashlib.sha256(row["messages"].encode()).hexdigest()) for row in rows],
        )
        store.many("DELETE FROM texts WHERE exchange = ?", [(row["exchange"],) for row in rows])
    return len(rows)
