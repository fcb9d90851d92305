"""What is known about a detector: how well it does, where it fails, what it costs, and how to test it."""

from dataclasses import dataclass
from typing import Literal

from caseback.detectors.transcript import Transcript
from caseback.errors import CasebackError
from caseback.stats.auroc import Auroc
from caseback.stats.rate import Rate
from caseback.stats.threshold import Threshold


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold for a rate of false positives, and the share of positives above it."""

    threshold: Threshold
    recall: Rate


@dataclass(frozen=True)
class Calibration:
    """How a detector did on labelled transcripts.

    Attributes:
        data: Digest of the transcripts.
        points: Operating points, in the order in which they were asked for.
        auroc: How well the score tells the classes apart.
        negatives: Scores of the negatives, ascending.
        untold_positives: Positives that had no score. They are in no figure.
        untold_negatives: Negatives that had none.
    """

    data: str
    points: tuple[OperatingPoint, ...]
    auroc: Auroc
    negatives: tuple[float, ...]
    untold_positives: int
    untold_negatives: int


@dataclass(frozen=True)
class Cost:
    """Measured time, on the machine that calibrated: of a token where activations are read, of a character else."""

    microseconds: float
    per: Literal["token", "character"]
    n: int


@dataclass(frozen=True)
class SelfTest:
    """A transcript, and the score that it must give within ``tolerance``; None where it must not be told."""

    transcript: Transcript
    score: float | None
    tolerance: float


@dataclass(frozen=True)
class Known:
    """``clauses`` are ids of those the behaviour breaks, ``failures`` what it is known to miss or mistake, as text."""

    clauses: tuple[str, ...] = ()
    calibration: Calibration | None = None
    failures: tuple[str, ...] = ()
    self_tests: tuple[SelfTest, ...] = ()
    cost: Cost | None = None


def threshold_for(name: str, calibration: Calibration | None, target: float | None = None) -> Threshold:
    """The threshold of detector ``name`` for a rate of false positives; by default the first that it has.

    Raises:
        CasebackError: it is not calibrated, or not for that rate.
    """
    if calibration is None:
        raise CasebackError(
            f"detector {name} is not calibrated: do that with `caseback detect calibrate`, or give a threshold"
        )
    found = [each.threshold for each in calibration.points if target in (None, each.threshold.target)]
    if not found:
        there = ", ".join(str(each.threshold.target) for each in calibration.points) or "none"
        raise CasebackError(f"detector {name} has no threshold for {target} false positives; it has: {there}")
    return found[0]
