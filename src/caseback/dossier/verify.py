"""Whether a dossier is what was written: its file, its chain of hashes, its artefacts."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caseback.dossier.artefacts import ARTEFACTS, flaw
from caseback.dossier.database import DATABASE, readable_errors
from caseback.dossier.record import COLUMNS, Record, from_row, sealed
from caseback.errors import CasebackError


@dataclass(frozen=True)
class Problem:
    """Something that is not as it was written: ``where`` names the record, artefact or file, ``what`` says it."""

    where: str
    what: str


def problems(path: Path, connection: sqlite3.Connection, head: str | None = None) -> list[Problem]:
    """All that is wrong with the dossier at ``path``; see ``Dossier.verify``."""
    try:
        with readable_errors(path / DATABASE):
            file = [line for (line,) in connection.execute("PRAGMA integrity_check") if line != "ok"]
            rows = connection.execute(f"SELECT {COLUMNS} FROM records ORDER BY number").fetchall()
    except CasebackError as error:
        return [Problem(DATABASE, str(error))]
    found = [Problem(DATABASE, line) for line in file]
    records: list[Record] = []
    for row in rows:
        try:
            records.append(from_row(row))
        except CasebackError as error:
            found.append(Problem(_name(row), str(error)))
    found += _links(rows)
    found += _contents(records)
    found += _artefacts(path / ARTEFACTS, records)
    if head and head not in {row[1] for row in rows}:
        found.append(Problem(f"record {head[:12]}", "missing: records were cut off, or this is another dossier"))
    return found


def _name(row: Sequence[Any]) -> str:
    return f"record {row[0]} ({row[1][:12]})"


def _links(rows: Sequence[Sequence[Any]]) -> Iterator[Problem]:
    previous = ""
    for number, row in enumerate(rows, start=1):
        if row[0] != number or row[6] != previous:
            yield Problem(_name(row), "does not follow the record before it: one was altered, removed or put in")
        previous = row[1]


def _contents(records: Sequence[Record]) -> Iterator[Problem]:
    seen = set[str]()
    for record in records:
        where = _name((record.number, record.id))
        try:
            altered = sealed(record) != record.id
        except CasebackError:
            altered = True  # it holds what could never have been stored
        if altered:
            yield Problem(where, "was altered: its content does not have its id")
        for parent in record.parents:
            if parent not in seen:
                yield Problem(where, f"rests on {parent[:12]}, which is not an earlier record")
        seen.add(record.id)


def _artefacts(folder: Path, records: Sequence[Record]) -> Iterator[Problem]:
    digests = {digest: name for record in records for name, digest in record.artefacts.items()}
    for digest, name in digests.items():
        try:
            what = flaw(folder, digest)
        except CasebackError as error:
            what = str(error)
        if what:
            yield Problem(f"artefact {digest[:12]} ({name})", what)
