"""What in the journal's folder the store does not have yet."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from caseback.errors import CasebackError
from caseback.watch.entry import Entry
from caseback.watch.journal import gateway_of, is_written, journal_files, read_journal


@dataclass(frozen=True)
class Piece:
    """A stretch of a file of the journal.

    Attributes:
        path: The file.
        gateway: Whose.
        start: From where it was read.
        end: Until where.
        entries: What stands there.
        over: Whether nothing will follow in this file.
        last: Whether the gateway has no later file, and will have none.
        torn: Bytes at the end that were never wholly written, where it is over.
        damaged: Why the rest cannot be read, where it is over and that is so.
    """

    path: Path
    gateway: str
    start: int
    end: int
    entries: tuple[Entry, ...]
    over: bool
    last: bool
    torn: int
    damaged: str


def files(folder: Path) -> dict[str, list[Path]]:
    """The files by gateway, each gateway's in order. What is named otherwise is left alone."""
    found: dict[str, list[tuple[int, Path]]] = {}
    for path in journal_files(folder):
        try:
            gateway, number = gateway_of(path)
        except CasebackError:
            continue
        found.setdefault(gateway, []).append((number, path))
    return {gateway: [path for _, path in sorted(paths)] for gateway, paths in found.items()}


def waiting(folder: Path, positions: Mapping[str, tuple[int, bool]]) -> int:
    """Bytes of the journal that are not in the store yet."""
    total = 0
    for path in journal_files(folder):
        position, finished = positions.get(path.name, (0, False))
        total += 0 if finished else max(_size(path) - position, 0)
    return total


def pieces(
    folder: Path, positions: Mapping[str, tuple[int, bool]], most: int, written: Callable[[Path], bool] = is_written
) -> Iterator[Piece]:
    """The next piece of each gateway, of about ``most`` bytes, where there is anything new."""
    for gateway, paths in files(folder).items():
        unread = [path for path in paths if not positions.get(path.name, (0, False))[1]]
        if not unread:
            continue
        path = unread[0]
        start = positions.get(path.name, (0, False))[0]
        try:
            held = written(path)
            read = read_journal(path, start, most)
        except FileNotFoundError:
            continue
        over = not held and not read.more
        # A gateway's next file can be seen before it lets the last one go: what is not there now will never be.
        last = over and files(folder).get(gateway, [path])[-1] == path
        if read.entries or over:
            torn, damaged = (read.torn, read.damaged) if over else (0, "")
            yield Piece(path, gateway, start, read.end, read.entries, over, last, torn, damaged)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
