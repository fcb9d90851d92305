"""Has the share flagged risen since some time that nobody knows?"""

import math
from dataclasses import dataclass

import numpy as np

from caseback.stats.change import change_above
from caseback.stats.confidence_sequence import rate_sequence
from caseback.watch.rates.units import Units

FIRST = 1_000
"""Tasks that say what is usual."""
RUN_LENGTH = 1_000_000.0
"""Tasks to a false alarm, on average at least, while the share flagged is at most what is held to be usual."""
STEP = 3600.0
"""Seconds."""


@dataclass(frozen=True)
class Changed:
    """Whether more is flagged than was usual.

    Attributes:
        alarm: Whether the evidence is enough.
        since: About when it rose, Unix time in seconds; None without an alarm.
        log_e: Logarithm of the evidence; an alarm at that of ``RUN_LENGTH``.
        usual: The share that is held to be usual: the upper bound after the first ``FIRST`` tasks.
        tasks: How many have come after those.
        why: Why it cannot be told; empty where it can.
    """

    alarm: bool
    since: float | None
    log_e: float
    usual: float
    tasks: int
    why: str = ""


def changed(units: Units, now: float) -> Changed:
    """Evidence that the share flagged is above what was usual (``stats.change``), of the tasks that were evaluated.

    Steps are hours, whatever happens in them; the one that goes on is not looked at, since looking within a step would
    come sooner to a false alarm than the run length says. That the usual share is at most its upper bound holds in 95
    of 100 deployments, so that is as sure as the run length is.

    Args:
        units: Tasks in the order in which they began.
        now: Unix time in seconds. A task that a gateway with a clock ahead dates later came in the hour before it.
    """
    told = units.where(units.flagged >= 0)
    if len(told) <= FIRST:
        return Changed(False, None, 0.0, 1.0, 0, f"{len(told)} tasks, and {FIRST} say what is usual")
    flagged = (told.flagged == 1).astype(np.float64)
    usual = float(rate_sequence(flagged[:FIRST].sum(), FIRST).high)
    if usual >= 1:
        return Changed(False, None, 0.0, usual, len(told) - FIRST, "all of the first tasks may have been flagged")
    times = told.time[FIRST:]
    rest = np.where(times > now, min(times[0], now), times)
    # Tasks come in order but for a clock that was set back; those then belong to the hour that was.
    hours = np.maximum.accumulate(np.floor((rest - rest[0]) / STEP).astype(np.int64))
    over = rest[0] + (hours + 1) * STEP <= now
    if not over.any():
        return Changed(False, None, 0.0, usual, len(rest), "the first hour after those goes on")
    steps, step_of = np.unique(hours[over], return_inverse=True)
    test = change_above(
        np.bincount(step_of, weights=flagged[FIRST:][over], minlength=len(steps)),
        np.bincount(step_of, minlength=len(steps)),
        usual,
        RUN_LENGTH,
    )
    # The evidence as it stands: it falls again when the share does, and no false alarm comes sooner for that.
    alarm = bool(test.log_e[-1] >= math.log(RUN_LENGTH))
    since = float(rest[0] + steps[int(test.since[-1])] * STEP) if alarm else None
    return Changed(alarm, since, float(test.log_e[-1]), usual, len(rest))
