"""Opening the SQLite file of a dossier, and saying in one line what is wrong with it."""

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path

from caseback.dossier.disk import REMEDIES, cannot_write
from caseback.errors import CasebackError

DATABASE = "dossier.sqlite"
APPLICATION = 0x63736264
"""SQLite's application_id of a dossier: "csbd"."""
VERSION = 1
"""SQLite's user_version: the version of the table's form."""
PATIENCE = 60.0
"""Seconds to wait for another writer."""


def create(file: Path) -> None:
    """Make an empty dossier database where none is.

    It is made complete under a temporary name and then linked to its own, so that nobody, a second writer included,
    ever sees half of one.
    """
    handle, temporary = tempfile.mkstemp(prefix=".creating-", dir=file.parent)
    os.close(handle)
    try:
        with closing(sqlite3.connect(temporary, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript((files("caseback.dossier") / "schema.sql").read_text(encoding="utf-8"))
        os.chmod(temporary, 0o644)
        os.link(temporary, file)
    except FileExistsError:
        pass  # another writer was first
    finally:
        for left in (temporary, f"{temporary}-wal", f"{temporary}-shm"):
            Path(left).unlink(missing_ok=True)


def connect(file: Path, *, writable: bool) -> sqlite3.Connection:
    """Open a dossier's database, with every commit flushed to disk.

    Raises:
        CasebackError: where the file is missing, damaged, of a newer form, or not a dossier.
    """
    if not file.is_file():
        raise CasebackError(f"{file.parent} is not a dossier: it has no {file.name}")
    with readable_errors(file):
        mode = "mode=rw" if writable else "mode=ro"
        if not writable and not os.access(file.parent, os.W_OK):
            mode = "immutable=1"  # on read-only media SQLite cannot put its -shm file beside the database
        address = f"{file.absolute().as_uri()}?{mode}"
        connection = sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level=None)
        try:
            _check_form(connection, file)
            if writable:
                connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA trusted_schema = OFF")
        except BaseException:
            connection.close()
            raise
        return connection


def _check_form(connection: sqlite3.Connection, file: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION:
        raise CasebackError(f"{file} is not a dossier: it is {'empty' if not file.stat().st_size else 'another file'}")
    if version != VERSION:
        raise CasebackError(f"{file} has form {version} and this caseback reads form {VERSION}: update caseback")


@contextmanager
def readable_errors(file: Path) -> Iterator[None]:
    """Turn what SQLite and the disk raise into one line that names the file and the remedy."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise CasebackError(f"{file}: {_say(error)}") from error


def _say(error: sqlite3.Error | OSError) -> str:
    if isinstance(error, OSError):
        return cannot_write(error)
    text = str(error)
    base = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest of the code refines it
    if base == sqlite3.SQLITE_FULL:
        return f"the disk is full; what was appended before is intact; {REMEDIES[errno.ENOSPC]}"
    if base == sqlite3.SQLITE_IOERR:
        return f"{text}: the disk is full or failing; what was appended before is intact; {REMEDIES[errno.ENOSPC]}"
    if base in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return f"damaged, truncated or not a dossier ({text}); restore it from a copy"
    if base == sqlite3.SQLITE_BUSY:
        return f"another process has held it for {PATIENCE:.0f} s; wait for it to end, or end it"
    if base == sqlite3.SQLITE_READONLY:
        return "opened for reading, or not writable by you; name a folder that you may write to"
    return text
