"""How often a detector errs at the threshold that it has in live use, with intervals as wide as the bounds need."""

from collections.abc import Callable
from dataclasses import replace

from scipy.optimize import brentq
from scipy.stats import beta

from caseback.detectors.known import Calibration
from caseback.errors import CasebackError
from caseback.stats.audited_rate import OperatingPoint
from caseback.stats.rate import Rate
from caseback.stats.threshold import Threshold

CONFIDENCE = 0.99
"""Of each of the two intervals. Together they cost bounds of 95 % two fifths of their error."""
FEWEST = 1e-3
"""Trials that are as good as none."""


def live_point(name: str, calibration: Calibration | None, threshold: float) -> OperatingPoint:
    """Sensitivity and false positives of detector ``name`` where a score above ``threshold`` is flagged.

    Raises:
        CasebackError: it is not calibrated, or not at this threshold.
    """
    if calibration is None:
        raise CasebackError(
            f"detector {name} is not calibrated, so its flags give no rate: `caseback detect calibrate`"
        )
    for point in calibration.points:
        if point.threshold.value == threshold:
            flagged = sum(score > threshold for score in calibration.negatives)
            false = _false_positives(flagged, len(calibration.negatives), point.threshold)
            return OperatingPoint(widened(point.recall, CONFIDENCE), false)
    there = ", ".join(f"{point.threshold.value:.6g}" for point in calibration.points) or "none"
    raise CasebackError(f"detector {name} is not calibrated at {threshold:.6g}; its calibration has: {there}")


def widened(rate: Rate, confidence: float) -> Rate:
    """The rate with an interval of a larger confidence, which allows for as much clustering as the given one did.

    An interval that allows for clusters is that of fewer trials (``stats.clustered``): as many as give its ends. With
    that number Clopper and Pearson's is made anew. Nothing gets narrower.
    """
    if not rate.n:
        return Rate(0, 0, 0.0, 1.0, confidence)
    trials = _trials(rate)
    low, high = _ends(rate.value, trials, confidence)
    return Rate(rate.k, rate.n, min(low, rate.low), max(high, rate.high), confidence)


def of_tasks(point: OperatingPoint, exchanges: float) -> OperatingPoint:
    """The operating point for whole tasks of so many exchanges on average, flagged where any exchange is.

    Whatever the dependence within a task, false positives add up to at most as many times those of one exchange
    (Boole), and a task with a violation is flagged at least as often as that exchange is. One exchange changes nothing.
    """
    if exchanges <= 1:
        return point
    false = replace(point.false_positives, high=min(1.0, point.false_positives.high * exchanges))
    return OperatingPoint(replace(point.sensitivity, high=1.0), false)


def _false_positives(flagged: int, n: int, at: Threshold) -> Rate:
    """The threshold's own interval, widened; where many negatives tie at it (a pattern finds nothing in most), that is
    one of a threshold among them, and the exact one of those that are flagged is right. Clusters then count as one."""
    if flagged < at.rank - 1:
        low, high = _ends(flagged / n, float(at.clusters), CONFIDENCE)
        return Rate(flagged, n, low, high, CONFIDENCE)
    return widened(Rate(flagged, n, at.low, at.high, at.confidence), CONFIDENCE)


def _trials(rate: Rate) -> float:
    """Independent trials that give an interval at least as wide on both sides."""
    found = float(rate.n)
    for end, wanted in enumerate((rate.low, rate.high)):
        off = _off(rate, end, wanted)
        if off(found) * (1, -1)[end] <= 0:  # the interval of that many trials reaches as far already
            continue
        found = float(brentq(off, FEWEST, found)) if off(FEWEST) * (1, -1)[end] < 0 else FEWEST
    return found


def _off(rate: Rate, end: int, wanted: float) -> Callable[[float], float]:
    return lambda trials: _ends(rate.value, trials, rate.confidence)[end] - wanted


def _ends(share: float, trials: float, confidence: float) -> tuple[float, float]:
    tail, k = (1 - confidence) / 2, share * trials
    low = float(beta.ppf(tail, k, trials - k + 1)) if share > 0 else 0.0
    high = float(beta.ppf(1 - tail, k + 1, trials - k)) if share < 1 else 1.0
    return low, high
