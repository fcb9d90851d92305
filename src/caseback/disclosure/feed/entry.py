"""An entry of a feed's log: a line of canonical JSON that names the line before it by its hash."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from caseback.disclosure.bundle.moments import read_time, written
from caseback.disclosure.bundle.strict_json import parse_canonical
from caseback.disclosure.bundle.tar import ARCHIVE
from caseback.disclosure.feed.merkle import leaf_hash
from caseback.dossier.record import canonical
from caseback.errors import CasebackError

ID = re.compile(r"[A-Z][A-Z0-9]{1,15}-[0-9]{4}-[A-Za-z0-9]{4,32}")
SHA256 = re.compile(r"[0-9a-f]{64}")
LONGEST = 600
"""Bytes of an entry."""
MOST = 200_000
"""Entries of a log."""
FEED = 1 << 33
"""Bytes of all bundles of a feed together: 8 GiB."""
SEGMENT = 1_024
"""Entries of one file of the log."""


@dataclass(frozen=True)
class Entry:
    """One thing that was published.

    Attributes:
        index: Its place, from 0.
        previous: Leaf hash of the entry before, in hex; empty in the first.
        time: When it was appended.
        kind: ``advisory`` for a bundle, ``keys`` for a statement about keys.
        id: Of the advisory; of the key that a statement is about.
        revision: Of the advisory; 0 of a statement.
        file: SHA-256 of the bundle's tar file, or of the statement.
        size: Its bytes.
    """

    index: int
    previous: str
    time: datetime
    kind: Literal["advisory", "keys"]
    id: str
    revision: int
    file: str
    size: int

    @property
    def path(self) -> str:
        """Where its file lies in the feed."""
        return f"advisories/{self.id}/{self.revision}.tar"


def entry_line(entry: Entry) -> bytes:
    """The entry as it stands in the log, without the end of its line."""
    return canonical({**asdict(entry), "time": written(entry.time)})


def entry_from(line: bytes) -> Entry:
    """What ``entry_line`` wrote.

    Raises:
        CasebackError: it is none.
    """
    data = parse_canonical(line, "an entry of the log", LONGEST)
    if not isinstance(data, dict) or set(data) != set(Entry.__dataclass_fields__):
        raise CasebackError("an entry of the log has other fields than it should")
    texts = all(isinstance(data[key], str) for key in ("previous", "time", "kind", "id", "file"))
    numbers = all(type(data[key]) is int and data[key] >= 0 for key in ("index", "revision", "size"))
    if not texts or not numbers or data["kind"] not in ("advisory", "keys"):
        raise CasebackError("an entry of the log has a field of the wrong type")
    if data["kind"] == "advisory" and not (ID.fullmatch(data["id"]) and 1 <= data["revision"] <= 100_000):
        raise CasebackError(f"an entry of the log names no advisory: {data['id'][:60]!r}, revision {data['revision']}")
    if not SHA256.fullmatch(data["file"]) or data["size"] > ARCHIVE:
        raise CasebackError(f"entry {data['index']} of the log names no file, or one that is too large")
    return Entry(**{**data, "time": read_time(data["time"], "the time of an entry")})


def next_entry(lines: Sequence[bytes], **rest: Any) -> Entry:
    """The entry that follows those of these lines."""
    return Entry(index=len(lines), previous=leaf_hash(lines[-1]).hex() if lines else "", **rest)


def check_chain(entries: Sequence[Entry], leaves: Sequence[bytes], begin: int) -> None:
    """See that entries from ``begin`` on each name their place and the one before; ``leaves`` are of the whole log.

    Raises:
        CasebackError: one does not.
    """
    for place, entry in enumerate(entries, start=begin):
        before = leaves[place - 1].hex() if place else ""
        if entry.index != place or entry.previous != before:
            raise CasebackError(
                f"entry {place} of the log does not follow the one before: one was altered or taken out"
            )
