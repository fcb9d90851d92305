"""Several detectors as one, on a scale that they share."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from caseback.detectors.detector import Detector
from caseback.detectors.fits import Fits, Needs
from caseback.detectors.joint import joint_fits, joint_needs
from caseback.detectors.known import Calibration, Known
from caseback.detectors.scored import Scored
from caseback.detectors.transcript import Transcript
from caseback.errors import CasebackError
from caseback.stats.threshold import conformal_p
from caseback.subject.open_subject import OpenSubject


@dataclass(frozen=True)
class EnsembleDetector:
    """Mean or largest of the members' surprises: -log10 of the share of negatives that score as high.

    The mean is Fisher's way to combine p-values (Statistical Methods for Research Workers, 1925), the largest Tippett's
    (The Methods of Statistics, 1931).
    """

    name: str
    behaviour: str
    members: tuple[Detector, ...]
    rule: Literal["mean", "max"]
    known: Known = Known()  # noqa: RUF009

    def __post_init__(self) -> None:
        if len(self.members) < 2:
            raise CasebackError(f"detector {self.name} has {len(self.members)} members: give two at least")
        for member in self.members:
            if member.known.calibration is None:
                raise CasebackError(f"detector {self.name}: calibrate its member {member.name} first")
        joint_fits(self.name, self.members)

    @property
    def needs(self) -> Needs:
        """Activations where a member needs them."""
        return joint_needs(self.members)

    @property
    def fits(self) -> Fits:
        """The model of the members that need one."""
        return joint_fits(self.name, self.members)

    def scores(self, transcripts: Sequence[Transcript], subject: OpenSubject | None = None) -> list[Scored]:
        """The members' surprises as one; None where a member could not tell."""
        by_member = [member.scores(transcripts, subject) for member in self.members]
        return [self._joined(each) for each in zip(*by_member, strict=True)]

    def _joined(self, scored: Sequence[Scored]) -> Scored:
        found = []
        for member, one in zip(self.members, scored, strict=True):
            if one.score is None or member.known.calibration is None:
                return Scored(None, f"{member.name}: {one.why}")
            found.append(surprise(member.known.calibration, one.score))
        spans = tuple(span for one in scored for span in one.spans)
        return Scored(max(found) if self.rule == "max" else sum(found) / len(found), spans=spans)


def surprise(calibration: Calibration, score: float) -> float:
    """-log10 of a score's conformal p-value among the negatives (``stats.threshold.conformal_p``).

    It is 0 for the least of scores and ends at log10(1 + negatives): what lies above all negatives is all alike.
    """
    return -math.log10(conformal_p(score, calibration.negatives))
