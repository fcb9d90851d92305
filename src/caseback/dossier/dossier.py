"""The evidence record of a subject: a chain of records in SQLite, and artefacts by digest beside it.

    dossier = open_dossier("runs/mine/dossier")
    record = dossier.append("measurement", {"behaviour": "sycophancy", ...}, artefacts={"samples": digest})

Everything that caseback shows about a subject is a view of this and can be followed back to it.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from caseback.dossier import artefacts as store
from caseback.dossier.artefacts import ARTEFACTS
from caseback.dossier.database import DATABASE, connect, create, readable_errors
from caseback.dossier.record import COLUMNS, Record, from_row, sealed, to_row
from caseback.dossier.verify import Problem, problems
from caseback.errors import CasebackError


class Dossier:
    """An open dossier; get one from ``open_dossier`` or ``read_dossier`` and use it in a ``with`` block.

    Any number of processes may append to one dossier at once; each append waits for the one before.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection

    def __enter__(self) -> "Dossier":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the database. What was appended is on disk already."""
        with readable_errors(self.path / DATABASE):
            self.connection.close()

    # -- appending ------------------------------------------------------------------------------------------------

    def append(
        self,
        kind: str,
        body: Mapping[str, Any],
        *,
        parents: Sequence[str] = (),
        artefacts: Mapping[str, str] | None = None,
        key: str | None = None,
        seed: int | None = None,
    ) -> Record:
        """Add a record at the end; it is on disk when this returns.

        Args:
            kind: What sort of record it is, such as ``measurement``.
            body: What it says, in values that JSON holds: no NaN, no tensors.
            parents: Ids of the records that it rests on.
            artefacts: Names, and the digests that ``put`` gave.
            key: Digest of the inputs of the work that it finishes, for ``find``.
            seed: The seed of anything random in it.

        Raises:
            CasebackError: where the body is not JSON, a parent or artefact is not there, or the disk is full. The
                dossier is then as it was before.
        """
        artefacts = dict(artefacts or {})
        for name, digest in artefacts.items():
            if not self.artefact(digest).is_file():
                raise CasebackError(f"record of kind {kind}: its artefact {name} ({digest}) has not been put")
        with readable_errors(self.path / DATABASE):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                record = self._next(kind, body, parents, artefacts, key, seed)
                row = to_row(record)
                self.connection.execute(f"INSERT INTO records ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
        return from_row(row)  # as it will be read: tuples have become lists

    def _next(
        self,
        kind: str,
        body: Mapping[str, Any],
        parents: Sequence[str],
        artefacts: Mapping[str, str],
        key: str | None,
        seed: int | None,
    ) -> Record:
        for parent in parents:
            if not self.connection.execute("SELECT 1 FROM records WHERE id = ?", (parent,)).fetchone():
                raise CasebackError(f"record of kind {kind}: its parent {parent} is not in this dossier")
        last = self.connection.execute("SELECT number, id FROM records ORDER BY number DESC LIMIT 1").fetchone()
        number, previous = last or (0, "")
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        fields = (kind, body, tuple(parents), artefacts, key, seed, time, previous, number + 1)
        try:
            id = sealed(Record("", *fields))
        except CasebackError as error:
            raise CasebackError(f"record of kind {kind}: {error}") from error
        return Record(id, *fields)

    # -- reading --------------------------------------------------------------------------------------------------

    def records(self, kind: str | None = None, /, **where: object) -> Iterator[Record]:
        """Records in order, of one kind if asked, whose bodies hold the values of ``where``."""
        query = f"SELECT {COLUMNS} FROM records" + (" WHERE kind = ?" if kind else "") + " ORDER BY number"
        with readable_errors(self.path / DATABASE):
            rows = self.connection.execute(query, (kind,) if kind else ()).fetchall()
        for row in rows:
            record = from_row(row)
            if all(record.body.get(name) == value for name, value in where.items()):
                yield record

    def record(self, id: str) -> Record:
        """The record with this id, or the only one whose id begins so.

        Raises:
            CasebackError: where there is none, or several.
        """
        with readable_errors(self.path / DATABASE):
            rows = self.connection.execute(
                f"SELECT {COLUMNS} FROM records WHERE substr(id, 1, ?) = ? LIMIT 2", (len(id), id)
            ).fetchall()
        if len(rows) != 1 or not id:
            raise CasebackError(f"{self.path}: {'no record has' if not rows else 'several records have'} the id {id!r}")
        return from_row(rows[0])

    def find(self, kind: str, key: str) -> Record | None:
        """The latest record of this kind with this key: work that is finished and need not be done again."""
        query = f"SELECT {COLUMNS} FROM records WHERE kind = ? AND key = ? ORDER BY number DESC LIMIT 1"
        with readable_errors(self.path / DATABASE):
            row = self.connection.execute(query, (kind, key)).fetchone()
        return from_row(row) if row else None

    def head(self) -> str:
        """Id of the last record, empty where there is none. Kept elsewhere, it shows later that nothing was cut off."""
        with readable_errors(self.path / DATABASE):
            row = self.connection.execute("SELECT id FROM records ORDER BY number DESC LIMIT 1").fetchone()
        return row[0] if row else ""

    def verify(self, head: str | None = None) -> list[Problem]:
        """Check the database file, recompute every hash and read every artefact; empty where all is well.

        Args:
            head: Id of a record known from elsewhere, such as the one a card names. Records cut off at the end leave
                a chain that is sound in itself; only this shows that they are gone.
        """
        return problems(self.path, self.connection, head)

    # -- artefacts ------------------------------------------------------------------------------------------------

    def artefact(self, digest: str) -> Path:
        """Where the artefact with this digest lies."""
        return store.artefact_path(self.path / ARTEFACTS, digest)

    def put(self, content: bytes | Path | Iterable[bytes]) -> str:
        """Store bytes, a file, or a stream of bytes; its SHA-256. All of it is on disk when this returns.

        Raises:
            CasebackError: where a file cannot be read or the disk is full; nothing is then left behind.
        """
        return store.put(self.path / ARTEFACTS, content)

    def get(self, digest: str) -> bytes:
        """The artefact's bytes, checked against its digest.

        Raises:
            CasebackError: where it is missing, altered or truncated.
        """
        if flaw := store.flaw(self.path / ARTEFACTS, digest):
            raise CasebackError(f"artefact {digest} of {self.path} is {flaw}; restore it from a copy")
        return self.artefact(digest).read_bytes()


def open_dossier(path: str | Path) -> Dossier:
    """Open the dossier in this folder to read and append; make one where the folder is new or empty.

    Raises:
        CasebackError: where ``path`` holds something else, or the dossier is damaged.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise CasebackError(f"{path} is not a dossier: a dossier is a folder with {DATABASE} in it")
    file = path / DATABASE
    if not file.exists():
        with readable_errors(path):
            path.mkdir(parents=True, exist_ok=True)
            # A writer killed while creating leaves hidden files, and one killed before its first record artefacts.
            strangers = [entry.name for entry in path.iterdir() if entry.name[0] != "." and entry.name != ARTEFACTS]
        if strangers and not file.exists():
            raise CasebackError(f"{path} is not a dossier and not empty (it holds {strangers[0]}): name a new folder")
        with readable_errors(file):
            create(file)
    return Dossier(path, connect(file, writable=True))


def read_dossier(path: str | Path) -> Dossier:
    """Open an existing dossier for reading only; it may lie on read-only media.

    Raises:
        CasebackError: where there is none, or it is damaged.
    """
    path = Path(path)
    if path.name == DATABASE:
        path = path.parent
    if not path.exists():
        raise CasebackError(f"there is no dossier at {path}")
    return Dossier(path, connect(path / DATABASE, writable=False))
