"""The open model that a detector needs, on the command line."""

from typing import TYPE_CHECKING

from caseback.cli.models import load_named

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.detectors.detector import Detector
    from caseback.subject.open_subject import OpenSubject


def opened(detector: "Detector", model: str) -> "OpenSubject | None":
    """The model that was named, where the detector reads activations; None where it reads text or none was named."""
    return load_named(model) if model and detector.needs == "activations" else None
