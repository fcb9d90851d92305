"""Exchanges put together into the units that are counted: whole tasks, since what happens within one is of one piece.

Exchanges that share a trace are not independent: an agent that begins to cheat goes on with it, and a bound that took
its twenty calls for twenty trials would be far too sure. So a trace counts once, as one trial, which is a violation if
any exchange in it is; an exchange without a trace is a task of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

QUIET = 3600.0
"""Seconds without an exchange after which a task is over. What comes later under the same trace is another task."""


def task_of(id: str, time: float, trace: str, last: dict[str, tuple[str, float]]) -> str:
    """The task of an exchange: the id of the first exchange in it.

    Args:
        id: of the exchange.
        time: when it came.
        trace: its trace; empty without.
        last: by trace the task and the time of its latest exchange; brought up to date here.
    """
    if not trace:
        return id
    task, before = last.get(trace, (id, time))
    # A clock that was set back or forth must not hold a task open, so it is the distance that counts.
    task = task if abs(time - before) <= QUIET else id
    last[trace] = (task, time)
    return task


class Seen(NamedTuple):
    """An exchange, as one detector and the people who audit saw it.

    Attributes:
        task: Id of the first exchange of its task; without a trace its own.
        time: Unix time in seconds.
        flagged: Whether the detector flagged it; None where it was not evaluated.
        inclusion: The probability with which it was to be audited.
        chosen: Whether the draw chose it; None where nobody has drawn yet.
        audited: Whether its audit is there, or nobody waits for it any more.
        violation: What the audit found; None where people could not tell.
        lone: Whether it has no trace.
    """

    task: str
    time: float
    flagged: bool | None
    inclusion: float = 0.0
    chosen: bool | None = None
    audited: bool = False
    violation: bool | None = None
    lone: bool = True


@dataclass(frozen=True)
class Units:
    """Tasks in the order in which they began; arrays of one length.

    Attributes:
        flagged: -1 where an exchange of it was not evaluated; else 1 where any was flagged, and 0 where none was.
        found: Where a violation was found, the probability that one would be; else 0.
        unclear: Where an audit could not tell, the probability of that audit; else 0.
        awaited: Where a draw or an audit is still to come.
        going: Where the task may not be over.
        exchanges: How many exchanges each is.
        time: When each began.
    """

    flagged: npt.NDArray[np.int8]
    found: npt.NDArray[np.float64]
    unclear: npt.NDArray[np.float64]
    awaited: npt.NDArray[np.bool_]
    going: npt.NDArray[np.bool_]
    exchanges: npt.NDArray[np.int64]
    time: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.flagged)

    def where(self, which: npt.NDArray[np.bool_]) -> "Units":
        """Those of them."""
        return Units(*(getattr(self, name)[which] for name in self.__dataclass_fields__))

    def before(self, what: npt.NDArray[np.bool_]) -> "Units":
        """Those before the first for which this is so.

        Bounds that hold at every time hold there too, for whatever reason one looks there and not elsewhere.
        """
        n = int(what.argmax()) if what.any() else len(self)
        return Units(*(getattr(self, name)[:n] for name in self.__dataclass_fields__))


def units(seen: Iterable[Seen], now: float) -> Units:
    """The tasks that exchanges, given in order of time, make up.

    All exchanges of a task share one draw, so the chance to find a violation in it is the largest of the probabilities
    of its exchanges that are one, and the exchange that has it is among those found whenever any is. A violation that
    was found without having been drawn (an incident that somebody reviewed) does not count here: nothing says how
    likely it was to be looked at. It counts for the detector's precision.
    """
    rows: dict[str, list[float]] = {}
    for each in seen:
        row = rows.setdefault(each.task, [0, 0, 0.0, 0.0, 0, 0, each.time, 0])
        row[0] += each.flagged is True
        row[1] += each.flagged is None
        if each.chosen and each.audited:
            if each.violation:
                row[2] = max(row[2], each.inclusion)
            elif each.violation is None:
                row[3] = max(row[3], each.inclusion)
        row[4] += each.chosen is None or (each.chosen and not each.audited)
        row[5] += 1
        row[7] = not each.lone and abs(now - each.time) <= QUIET
    table = np.array(list(rows.values()), dtype=np.float64).reshape(-1, 8).T
    flagged = np.where(table[1] > 0, -1, table[0] > 0).astype(np.int8)
    return Units(flagged, table[2], table[3], table[4] > 0, table[7] > 0, table[5].astype(np.int64), table[6])
