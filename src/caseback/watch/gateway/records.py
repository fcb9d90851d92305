"""The gateway's way to the journal, which never stops it from serving."""

import sys
import time

from caseback.watch.entry import Beat, Begun, Carried, Closed, Entry, Missed, Opened
from caseback.watch.journal import Journal

SAY = 60.0
"""Seconds from one complaint to the next."""


class Records:
    """Writes entries down. Where that fails, as on a full disk, it counts what was missed, and says so once it can.

    Attributes:
        errors: Writes that failed, since the start.
        missed: Exchanges that were not written down, since the start.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._missing: Missed | None = None
        self._begun: set[str] = set()
        self.errors, self.missed, self._why, self._quiet = 0, 0, "", 0.0

    @property
    def pending(self) -> int:
        """Exchanges that were not written down, and this neither yet."""
        return self._missing.exchanges if self._missing else 0

    def opened(self, serves: str) -> None:
        """The gateway began."""
        self._write(Opened(self._journal.gateway, time.time(), serves))

    def begun(self, id: str, at: float) -> None:
        """A request came. One whose beginning is lost is still carried, so nothing is missed by that."""
        if self._write(Begun(id, at)):
            self._begun.add(id)

    def carried(self, carried: Carried) -> bool:
        """An exchange as it went; whether it was written."""
        written = self._write(carried)
        if not written:
            self.missed += 1
            was, now = self._missing or Missed(carried.time, carried.time, 0, ""), time.time()
            begun, ids = min(was.begun, carried.time), (carried.id,) if carried.id in self._begun else ()
            self._missing = Missed(begun, max(begun, now), was.exchanges + 1, self._why, (*was.ids, *ids))
        self._begun.discard(carried.id)
        return written

    def beat(self) -> None:
        """The gateway is alive."""
        self._write(Beat(time.time()))

    def close(self) -> None:
        """The gateway ended in order."""
        self._write(Closed(time.time()))
        self._journal.close()

    def _write(self, entry: Entry) -> bool:
        try:
            if (missing := self._missing) is not None:
                self._journal.append(missing)
                self._missing = None
            self._journal.append(entry)
        except OSError as error:
            self.errors += 1
            self._why = error.strerror or type(error).__name__
            self._say()
            return False
        return True

    def _say(self) -> None:
        """Once in a while: a disk that is nearly full takes small entries and refuses large ones in turn."""
        if (now := time.monotonic()) < self._quiet:
            return
        self._quiet = now + SAY
        print(
            f"caseback: {self._journal.folder}: the journal cannot be written ({self._why}); serving goes on, and what "
            f"is missed is counted, {self.missed} exchanges so far: make room there",
            file=sys.stderr, flush=True,
        )  # fmt: skip
