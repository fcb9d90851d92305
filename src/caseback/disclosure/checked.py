"""The records of a dossier as a card reads them, and which of them can no longer stand as evidence, and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from caseback.dossier.artefacts import ARTEFACTS, flaw
from caseback.dossier.database import DATABASE, readable_errors
from caseback.dossier.dossier import Dossier
from caseback.dossier.record import COLUMNS, Record, from_row, sealed
from caseback.errors import CasebackError


@dataclass(frozen=True)
class Checked:
    """What was read.

    Attributes:
        records: Those that can be read, in order.
        struck: By record id why its figures may not stand: it was altered, does not follow the one before it, has lost
            its evidence, or rests on a record of which one of these is true.
        altered: Ids of those whose content does not have their id.
        unreadable: Records that cannot be read at all: id, and why.
    """

    records: tuple[Record, ...]
    struck: Mapping[str, str]
    altered: frozenset[str]
    unreadable: Mapping[str, str]

    def without(self, ids: frozenset[str]) -> "Checked":
        """The same, these records counted among those that cannot be read."""
        kept = tuple(record for record in self.records if record.id not in ids)
        lost = {id: self.struck[id] for id in ids}
        return Checked(kept, self.struck, self.altered - ids, {**self.unreadable, **lost})


def checked(dossier: Dossier, upto: str | None = None) -> Checked:
    """Read the records, recompute each hash and read every artefact; nothing that is wrong stops it.

    Args:
        dossier: The evidence.
        upto: Id of the last record to read, as a card names it; all of them where it is None or not there.

    Raises:
        CasebackError: where the database itself cannot be read.
    """
    with readable_errors(dossier.path / DATABASE):
        rows = dossier.connection.execute(f"SELECT {COLUMNS} FROM records ORDER BY number").fetchall()
    if upto in (ids := [str(row[1]) for row in rows]):
        rows = rows[: ids.index(upto) + 1]
    records: list[Record] = []
    unreadable: dict[str, str] = {}
    for row in rows:
        try:
            records.append(from_row(row))
        except CasebackError:
            unreadable[str(row[1])] = f"record {row[0]} was altered: its content cannot be read"
    struck = _links([(row[0], str(row[1]), str(row[6])) for row in rows])
    altered = {record.id: f"record {record.number} was altered: {ALTERED}" for record in records if not _whole(record)}
    struck |= altered
    flaws = _flaws(dossier, records)
    for record in records:
        lost = [f"its artefact {name} is {flaws[digest]}" for name, digest in record.artefacts.items() if flaws[digest]]
        if lost:
            struck.setdefault(record.id, f"record {record.number}: {'; '.join(lost)}")
    return Checked(tuple(records), _carried(records, {**struck, **unreadable}), frozenset(altered), unreadable)


ALTERED = "its content does not have its id"


def _links(rows: Sequence[tuple[int, str, str]]) -> dict[str, str]:
    """Records beside a break in the chain: which of the two was altered cannot be told, so neither stands."""
    struck: dict[str, str] = {}
    previous = ""
    for place, (number, id, before) in enumerate(rows, start=1):
        if number != place or before != previous:
            why = f"record {number} does not follow the record before it: one was altered, removed or put in"
            struck |= {id: why, previous: why} if previous else {id: why}
        previous = id
    return struck


def _whole(record: Record) -> bool:
    try:
        return sealed(record) == record.id
    except CasebackError:  # it holds what could never have been stored
        return False


def _flaws(dossier: Dossier, records: Iterable[Record]) -> dict[str, str]:
    """What is wrong with each artefact; empty where nothing is."""
    found: dict[str, str] = {}
    for digest in {digest for record in records for digest in record.artefacts.values()}:
        try:
            found[digest] = flaw(dossier.path / ARTEFACTS, digest)
        except CasebackError as error:
            found[digest] = str(error)
    return found


def _carried(records: Iterable[Record], struck: dict[str, str]) -> dict[str, str]:
    """What rests on a struck record is struck with it: parents stand before their children, so one pass will do."""
    numbers = {record.id: f"record {record.number}" for record in records}
    for record in records:
        fallen = next((parent for parent in record.parents if parent in struck), None)
        if fallen is not None and record.id not in struck:
            struck[record.id] = f"{numbers[record.id]} rests on {numbers.get(fallen, fallen[:12])}, which is struck"
    return struck
