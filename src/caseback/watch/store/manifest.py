"""The manifest of sealed segments: a line for each sealing and each deletion, chained by their digests."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from caseback.dossier.disk import synced, writing
from caseback.dossier.record import digest
from caseback.errors import CasebackError

NAME = "manifest.jsonl"


@dataclass(frozen=True)
class File:
    """A file of a segment: SHA-256 of its bytes, and its rows."""

    sha256: str
    rows: int


@dataclass(frozen=True)
class Line:
    """A segment as it was sealed, or as it is after a deletion; the last line of a number counts.

    Attributes:
        number: Of the segment.
        begun: Where its time begins, Unix time in seconds.
        ended: Where it ends.
        files: By name.
        time: When the line was written.
        why: ``sealed``, or the rule of the deletion.
        previous: ``id`` of the line before; empty in the first.
        id: SHA-256 of everything else in canonical JSON.
    """

    number: int
    begun: float
    ended: float
    files: Mapping[str, File]
    time: float
    why: str
    previous: str
    id: str = ""


def sealed_line(line: Line) -> Line:
    """The line with its id."""
    body = {name: value for name, value in asdict(line).items() if name != "id"}
    return Line(**{**vars(line), "id": digest(body)})


def append(folder: Path, line: Line) -> Line:
    """Adds a line, and makes sure that it is on the disk; gives it with its id.

    Raises:
        CasebackError: it cannot be written.
    """
    made = sealed_line(line)
    path = folder / NAME
    with writing(path):
        with path.open("ab") as file:
            file.write(json.dumps(asdict(made)).encode() + b"\n")
        synced(path)
        synced(folder)
    return made


def lines(folder: Path) -> list[Line]:
    """All lines in order.

    Raises:
        CasebackError: a line was changed, left out or put in: which.
    """
    path = folder / NAME
    if not path.exists():
        return []
    found: list[Line] = []
    previous = ""
    for at, text in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
        line = _line(text)
        if line is None or line.previous != previous or sealed_line(line).id != line.id:
            raise CasebackError(f"{path}: line {at} was changed since it was written, or one before it is missing")
        found.append(line)
        previous = line.id
    return found


def mend(folder: Path) -> None:
    """Takes away half a line at the end, which a process that was killed left there."""
    path = folder / NAME
    if path.exists() and not (data := path.read_bytes()).endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(data.rfind(b"\n") + 1)


def latest(found: list[Line]) -> dict[int, Line]:
    """The line that counts of each segment, by number."""
    return {line.number: line for line in found}


def file_of(path: Path, rows: int) -> File:
    """A file as the manifest names it."""
    with path.open("rb") as file:
        return File(hashlib.file_digest(file, "sha256").hexdigest(), rows)


def _line(text: bytes) -> Line | None:
    try:
        given: dict[str, Any] = json.loads(text)
        return Line(**{**given, "files": {name: File(**file) for name, file in given["files"].items()}})
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
