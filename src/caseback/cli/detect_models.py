"""The models that a detector needs, on the command line."""

from pathlib import Path
from typing import TYPE_CHECKING

from caseback.cli.models import load_named
from caseback.errors import CasebackError
from caseback.subject.address import is_address

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.detectors.detector import Detector
    from caseback.subject.open_subject import OpenSubject
    from caseback.subject.subject import Subject


def opened(detector: "Detector", model: str) -> "OpenSubject | None":
    """The model that was named, where the detector reads activations; None where it reads text or none was named."""
    return load_named(model) if model and detector.needs == "activations" else None


def judging(judge: str) -> "Subject":
    """The model that judges: an address with a model behind it, or one whose weights are here."""
    from caseback.subject.resolve import resolve_closed

    return resolve_closed(judge) if is_address(judge) else load_named(judge)


def judged(detector: "Detector", judge: str, cache: Path | None) -> "Detector":
    """The detector with its judge at hand, where one was named.

    Raises:
        CasebackError: a judge was named for a detector that has none.
    """
    if not judge:
        return detector
    from caseback.detectors.judges import with_judge

    _check_judged(detector)
    return with_judge(detector, judging(judge), cache)


def judged_anew(detector: "Detector", judge: str, cache: Path | None) -> "Detector":
    """The detector with a judge to calibrate it with, which may be another than it had."""
    if not judge:
        return detector
    from caseback.detectors.judges import taken_up

    _check_judged(detector)
    return taken_up(detector, judging(judge), cache)


def _check_judged(detector: "Detector") -> None:
    from caseback.detectors.judges import judges_within

    if not list(judges_within(detector)):
        raise CasebackError(f"detector {detector.name} has no judge: leave --judge out")
