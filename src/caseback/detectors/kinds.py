"""The kinds of detector, by the name that stands in their files."""

from dataclasses import replace
from typing import Any, cast

from caseback.detectors.cascade import CascadeDetector
from caseback.detectors.detector import Detector
from caseback.detectors.direction import DirectionDetector
from caseback.detectors.ensemble import EnsembleDetector
from caseback.detectors.judge import JudgeDetector
from caseback.detectors.known import Known
from caseback.detectors.latent import LatentDetector
from caseback.detectors.pattern import PatternDetector
from caseback.detectors.sequence import SequenceDetector

KINDS: dict[str, type[Any]] = {
    "pattern": PatternDetector,
    "direction": DirectionDetector,
    "latent": LatentDetector,
    "sequence": SequenceDetector,
    "judge": JudgeDetector,
    "cascade": CascadeDetector,
    "ensemble": EnsembleDetector,
}


def kind_of(detector: Detector) -> str:
    """Such as ``pattern``."""
    return next(name for name, made in KINDS.items() if type(detector) is made)


def with_known(detector: Detector, **changes: Any) -> Detector:
    """The detector with other things known about it: fields of ``Known`` by name."""
    known: Known = replace(detector.known, **changes)
    return cast(Detector, replace(cast(Any, detector), known=known))
