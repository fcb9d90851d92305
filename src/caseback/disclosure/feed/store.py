"""What a subscriber has of a feed: one SQLite file, in which the step from one head to the next is one transaction.

Bundles that were fetched are kept at once, so that a sync that broke off goes on where it was; nothing reads them until
the head that names them is in.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from caseback.disclosure.bundle.moments import read_time, written
from caseback.disclosure.feed.head import Head
from caseback.dossier.disk import REMEDIES
from caseback.errors import CasebackError

FILE = "feed.sqlite"
APPLICATION, VERSION = 0x63736664, 1
"""SQLite's application_id of such a file, "csfd", and the version of its form."""
FORM = """
CREATE TABLE log (place INTEGER PRIMARY KEY, line BLOB NOT NULL);
CREATE TABLE fetched (file TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), feed TEXT, size INTEGER, root TEXT, time TEXT, expires TEXT,
  keys TEXT, signer TEXT, envelope BLOB, keyring BLOB);
CREATE TABLE advisories (place INTEGER PRIMARY KEY, id TEXT NOT NULL, revision INTEGER NOT NULL, file TEXT NOT NULL,
  signer TEXT NOT NULL, kind TEXT, behaviour TEXT, summary TEXT, modified TEXT, withdrawn TEXT, tlp TEXT,
  stands INTEGER NOT NULL DEFAULT 1);
CREATE INDEX by_id ON advisories (id, revision);
CREATE INDEX by_behaviour ON advisories (behaviour);
CREATE TABLE models (digest TEXT NOT NULL, place INTEGER NOT NULL, scope TEXT NOT NULL, status TEXT NOT NULL);
CREATE INDEX by_digest ON models (digest);
CREATE TABLE refused (place INTEGER PRIMARY KEY, id TEXT NOT NULL, revision INTEGER NOT NULL, why TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Listed:
    """The newest revision of an advisory that the feed has, as the index knows it."""

    place: int
    id: str
    revision: int
    file: str
    signer: str
    kind: str
    behaviour: str
    summary: str
    modified: str
    withdrawn: str
    tlp: str


@contextmanager
def opened_store(folder: Path) -> Iterator[sqlite3.Connection]:
    """The store of a subscription, made where there is none.

    Raises:
        CasebackError: it is another file, damaged, or the disk is full; what was there before is as it was.
    """
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=60.0, isolation_level=None)
        try:
            _check_form(connection, path)
            yield connection
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        full = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
        remedy = REMEDIES.get(getattr(error, "errno", 0) or 0, "")
        said = (
            "the disk is full or failing: make room there and sync again" if full else f"{error}. {remedy}".strip(". ")
        )
        raise CasebackError(f"{path}: {said}. What was synced before is as it was") from error


def _check_form(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables and not application:
        connection.executescript(
            f"BEGIN; {FORM} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
        )
    elif application != APPLICATION or connection.execute("PRAGMA user_version").fetchone() != (VERSION,):
        raise CasebackError(f"{path} is no subscription of this version: name another folder")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA trusted_schema = OFF")


def last_head(connection: sqlite3.Connection) -> Head | None:
    """The head that was taken last; None before the first."""
    row = connection.execute("SELECT feed, size, root, time, expires, keys, signer FROM head").fetchone()
    if row is None:
        return None
    feed, size, root, time, expires, keys, signer = row
    return Head(feed, size, root, read_time(time, "time"), read_time(expires, "expires"), keys, signer)


def last_texts(connection: sqlite3.Connection) -> tuple[bytes, bytes]:
    """The head that was taken last as it was signed, and the keys that went with it; there is one."""
    envelope, keyring = connection.execute("SELECT envelope, keyring FROM head").fetchone()
    return envelope, keyring


def log_lines(connection: sqlite3.Connection) -> list[bytes]:
    """The log as far as it was taken."""
    return [line for (line,) in connection.execute("SELECT line FROM log ORDER BY place")]


def kept_files(connection: sqlite3.Connection) -> set[str]:
    """SHA-256 of the bundles that are here, be their head taken or not."""
    return {file for (file,) in connection.execute("SELECT file FROM fetched")}


def keep(connection: sqlite3.Connection, files: Mapping[str, bytes]) -> None:
    """Keep bundles that were fetched."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany("INSERT OR REPLACE INTO fetched (file, data) VALUES (?, ?)", files.items())
        connection.execute("COMMIT")
    except BaseException:
        _rolled_back(connection)
        raise


def bundle_bytes(connection: sqlite3.Connection, file: str) -> bytes:
    """The bundle with this SHA-256.

    Raises:
        CasebackError: it is not here.
    """
    row = connection.execute("SELECT data FROM fetched WHERE file = ?", (file,)).fetchone()
    if row is None:
        raise CasebackError(f"the bundle {file[:12]}… is not here: sync again")
    return bytes(row[0])


def take(
    connection: sqlite3.Connection,
    head: Head,
    texts: tuple[bytes, bytes],
    lines: Sequence[bytes],
    advisories: Sequence[tuple[object, ...]],
    models: Sequence[tuple[object, ...]],
    refused: Sequence[tuple[object, ...]],
    ends: Mapping[str, tuple[int, int]],
) -> None:
    """Take a head with everything that it names, in one transaction.

    Args:
        texts: The head's envelope and the keys.
        lines: Of the log, those that are new.
        advisories: Rows of the index that are new.
        models: Models that they are about.
        refused: Entries that were refused, with the reason.
        ends: By key, from which place of the log and up to which it stands.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        begin = connection.execute("SELECT count(*) FROM log").fetchone()[0]
        connection.executemany("INSERT INTO log (place, line) VALUES (?, ?)", enumerate(lines, start=begin))
        places = ", ".join("?" * 11)
        connection.executemany(
            "INSERT INTO advisories (place, id, revision, file, signer, kind, behaviour, summary, modified, "
            "withdrawn, tlp)"
            f" VALUES ({places})",
            advisories,
        )
        connection.executemany("INSERT INTO models VALUES (?, ?, ?, ?)", models)
        connection.executemany("INSERT INTO refused VALUES (?, ?, ?, ?)", refused)
        connection.execute("UPDATE advisories SET stands = 0")
        for key, (first, end) in ends.items():
            connection.execute(
                "UPDATE advisories SET stands = 1 WHERE signer = ? AND place >= ? AND place < ?", (key, first, end)
            )
        row = (head.feed, head.size, head.root, written(head.time), written(head.expires), head.keys, head.signer)
        connection.execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, *texts))
        connection.execute("COMMIT")
    except BaseException:
        _rolled_back(connection)
        raise


def listed(connection: sqlite3.Connection, behaviour: str = "", model: str = "") -> list[Listed]:
    """The newest standing revision of each advisory, in the log's order; of one behaviour or model where named."""
    query = (
        "SELECT place, id, revision, file, signer, kind, behaviour, summary, modified, withdrawn, tlp FROM "
        "advisories a "
        "WHERE stands AND revision = (SELECT max(revision) FROM advisories b WHERE b.id = a.id AND b.stands)"
    )
    values: list[str] = []
    if behaviour:
        query, values = query + " AND behaviour = ?", [*values, behaviour]
    if model:
        query, values = query + " AND place IN (SELECT place FROM models WHERE digest = ?)", [*values, model]
    return [Listed(*row) for row in connection.execute(query + " ORDER BY place", values)]


def _rolled_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
