"""How far the writer is behind."""

from pathlib import Path

from caseback.watch.entry import Beat, Begun, Carried, Closed, Missed, Opened
from caseback.watch.journal import journal_files, read_journal
from caseback.watch.store.store import Store

READ = 1 << 16
"""Bytes of a file that are looked at."""


def lag(store: Store, journal: Path, now: float) -> float:
    """Seconds since the oldest entry of the journal that is not in the store yet; 0 where all of it is.

    Of a file that is far behind its first ``READ`` bytes are looked at, which are its oldest but for long exchanges.
    """
    positions = {row["name"]: int(row["position"]) for row in store.query("SELECT name, position FROM journals")}
    oldest = now
    for path in journal_files(journal):
        try:
            found = read_journal(path, positions.get(path.name, 0), READ)
        except FileNotFoundError:  # the writer has it in the store and has deleted it
            continue
        oldest = min([oldest, *map(_time, found.entries)])
    return max(now - oldest, 0.0)


def _time(entry: object) -> float:
    if isinstance(entry, Missed):
        return entry.begun
    if isinstance(entry, Carried):
        return entry.time + entry.total_ms / 1e3
    return entry.time if isinstance(entry, Opened | Begun | Beat | Closed) else float("inf")
