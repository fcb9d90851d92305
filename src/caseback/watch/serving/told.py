"""A member of a detector whose score was read already, in the place of the member itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from caseback.detectors.cascade import CascadeDetector
from caseback.detectors.detector import Detector
from caseback.detectors.ensemble import EnsembleDetector
from caseback.detectors.fits import Fits, Needs
from caseback.detectors.known import Known
from caseback.detectors.scored import Scored
from caseback.detectors.transcript import Transcript
from caseback.subject.open_subject import OpenSubject


@dataclass(frozen=True)
class Told:
    """Gives the score that was read live, whatever it is asked about."""

    member: Detector
    scored: Scored

    @property
    def name(self) -> str:
        """The member's."""
        return self.member.name

    @property
    def behaviour(self) -> str:
        """The member's."""
        return self.member.behaviour

    @property
    def known(self) -> Known:
        """The member's."""
        return self.member.known

    @property
    def needs(self) -> Needs:
        """Nothing but text, for it was read."""
        return "text"

    @property
    def fits(self) -> Fits:
        """The member's."""
        return self.member.fits

    def scores(self, transcripts: Sequence[Transcript], subject: OpenSubject | None = None) -> list[Scored]:
        """What was read."""
        return [self.scored] * len(transcripts)


def with_scores(detector: Detector, scored: Mapping[int, Scored]) -> Detector:
    """The detector with the members that read activations replaced by what was read.

    Args:
        scored: By the member's ``id()``: members are told apart by which object they are, as two may have one name.
    """
    if id(detector) in scored:
        return Told(detector, scored[id(detector)])
    made: Any = detector
    if isinstance(detector, EnsembleDetector):
        made = replace(detector, members=tuple(with_scores(member, scored) for member in detector.members))
    elif isinstance(detector, CascadeDetector):
        cheap, dear = with_scores(detector.cheap, scored), with_scores(detector.dear, scored)
        made = replace(detector, cheap=cheap, dear=dear)
    return made
