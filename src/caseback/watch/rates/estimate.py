"""The rate of violations among tasks: from audits, from flags, and from both, with bounds that hold at any time."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from caseback.stats.audited_rate import OperatingPoint, Watched, audited_rate, combined_rate, flagged_rate
from caseback.stats.confidence_sequence import ConfidenceSequence
from caseback.watch.rates.counts import watched
from caseback.watch.rates.operating_point import of_tasks
from caseback.watch.rates.units import Units

Floats = npt.NDArray[np.float64]
Method = Callable[[Watched, float], ConfidenceSequence]
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A rate and its bounds.

    Attributes:
        value: None where there is nothing to tell it from.
        low: With a chance of ``confidence`` at least, all bounds ever shown of this rate hold it.
        high: See ``low``.
        confidence: See ``low``.
        tasks: How many it rests on.
        why: Why it cannot be told; empty where it can.
    """

    value: float | None
    low: float
    high: float
    confidence: float
    tasks: int
    why: str = ""

    def of_all(self, told: int, untold: int) -> tuple[float, float]:
        """Bounds among ``told`` tasks that it speaks of and ``untold`` others of which nothing is known: from none of
        those being a violation to all of them."""
        if not (total := told + untold):
            return 0.0, 1.0
        return self.low * told / total, (self.high * told + untold) / total


def from_audits(units: Units, levels: Floats, confidence: float = CONFIDENCE) -> Estimate:
    """From audits alone; nothing is assumed of any detector (``stats.audited_rate``).

    It rests on the tasks before the first that goes on or awaits an audit. Where people could not tell, the lower bound
    counts them clean and the upper one counts them violations, at half of the error each.

    Args:
        units: tasks of one behaviour, in order.
        levels: the probabilities of audit, the random slice first (``rates.levels``).
        confidence: between 0 and 1.
    """
    return _audited(units.before(units.awaited | units.going), levels, audited_rate, confidence)


def from_flags(units: Units, point: OperatingPoint, confidence: float = CONFIDENCE) -> Estimate:
    """From the flags alone, corrected for the detector's errors; of the tasks that are over and were evaluated.

    Args:
        units: tasks, in order.
        point: of one exchange; tasks of several are allowed for (``of_tasks``).
        confidence: between 0 and 1, of all together: counts and operating point.
    """
    told = _evaluated(units.before(units.going))
    at = of_tasks(point, _exchanges(told))
    counts = watched(told, np.zeros(len(told)), np.ones(1), _now(told))
    return _told(told, lambda: _ends(flagged_rate(counts, at, confidence)), confidence)


def from_both(units: Units, levels: Floats, point: OperatingPoint, confidence: float = CONFIDENCE) -> Estimate:
    """From audits, flags, and the flags that audits confirmed (``stats.audited_rate.combined_rate``); of the tasks that
    were evaluated, before the first that goes on or awaits an audit."""
    told = _evaluated(units.before(units.awaited | units.going))
    at = of_tasks(point, _exchanges(told))
    return _audited(told, levels, lambda counts, level: combined_rate(counts, at, level), confidence)


def _evaluated(units: Units) -> Units:
    return units.where(units.flagged >= 0)


def _exchanges(units: Units) -> float:
    return float(units.exchanges.mean()) if len(units) else 1.0


def _now(units: Units) -> npt.NDArray[np.int64]:
    return np.array([len(units)], dtype=np.int64)


def _ends(got: ConfidenceSequence) -> tuple[float, float, float]:
    return float(got.value[0]), float(got.low[0]), float(got.high[0])


def _audited(units: Units, levels: Floats, method: Method, confidence: float) -> Estimate:
    def told(found: Floats, level: float) -> tuple[float, float, float]:
        return _ends(method(watched(units, found, levels, _now(units)), level))

    def bounds() -> tuple[float, float, float]:
        worst = np.where(units.found > 0, units.found, units.unclear)
        if not (worst > units.found).any():
            return told(units.found, confidence)
        half = (1 + confidence) / 2
        value, low, _ = told(units.found, half)
        return value, low, told(worst, half)[2]

    return _told(units, bounds, confidence)


def _told(units: Units, bounds: Callable[[], tuple[float, float, float]], confidence: float) -> Estimate:
    def untold(why: str) -> Estimate:
        return Estimate(None, 0.0, 1.0, confidence, len(units), why)

    if not len(units):
        return untold("nothing to count yet")
    try:
        value, low, high = bounds()
    except ValueError as error:
        return untold(str(error))
    if math.isnan(low) or math.isnan(high):
        return untold("what is taken for granted contradicts what was seen")
    return Estimate(None if math.isnan(value) else value, low, high, confidence, len(units))
