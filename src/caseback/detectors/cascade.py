"""A cheap detector first; a dear one only on what it lets through."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from caseback.detectors.detector import Detector
from caseback.detectors.fits import Fits, Needs
from caseback.detectors.joint import joint_fits, joint_needs
from caseback.detectors.known import Calibration, Known
from caseback.detectors.scored import Scored
from caseback.detectors.transcript import Transcript
from caseback.errors import CasebackError
from caseback.subject.open_subject import OpenSubject


@dataclass(frozen=True)
class CascadeDetector:
    """What ``cheap`` scores above ``gate``, or cannot tell, goes on to ``dear``, whose score it then has.

    Attributes:
        cheap: Scores everything.
        dear: Scores what goes on.
        gate: On the cheap score.
        below: Score of what stays. The two members count in units of their own, so it is no cheap score: choose one
            below any threshold that the dear score will get.
    """

    name: str
    behaviour: str
    cheap: Detector
    dear: Detector
    gate: float
    below: float = 0.0
    known: Known = Known()  # noqa: RUF009

    def __post_init__(self) -> None:
        if self.cheap.name == self.dear.name:
            raise CasebackError(f"detector {self.name}: both its members are called {self.dear.name}; rename one")
        joint_fits(self.name, (self.cheap, self.dear))

    @property
    def needs(self) -> Needs:
        """Activations where a member needs them."""
        return joint_needs((self.cheap, self.dear))

    @property
    def fits(self) -> Fits:
        """The model of the members that need one."""
        return joint_fits(self.name, (self.cheap, self.dear))

    def scores(self, transcripts: Sequence[Transcript], subject: OpenSubject | None = None) -> list[Scored]:
        """The dear score of what went on, ``below`` for the rest; ``by`` says which."""
        first = self.cheap.scores(transcripts, subject)
        on = [at for at, each in enumerate(first) if each.score is None or each.score > self.gate]
        dear = dict(zip(on, self.dear.scores([transcripts[at] for at in on], subject), strict=True))
        return [
            replace(dear[at], by=self.dear.name) if at in dear else Scored(self.below, by=self.cheap.name)
            for at in range(len(first))
        ]


def share_gone_on(cascade: CascadeDetector, scored: Sequence[Scored]) -> float:
    """Share of the transcripts that the dear member was asked about.

    Raises:
        CasebackError: there are none.
    """
    if not scored:
        raise CasebackError("no transcripts, so no share of them went on")
    return sum(each.by == cascade.dear.name for each in scored) / len(scored)


def gate_for(name: str, calibration: Calibration | None, share: float) -> float:
    """The gate above which at most this share of the negatives goes on that detector ``name`` was calibrated on.

    Raises:
        CasebackError: it is not calibrated, or the share is not between 0 and 1.
    """
    if calibration is None:
        raise CasebackError(f"detector {name} is not calibrated: do that first, or give a gate")
    if not 0 < share < 1:
        raise CasebackError(f"share {share} is not between 0 and 1: give such as 0.1")
    negatives = calibration.negatives
    return negatives[len(negatives) - 1 - int(share * len(negatives) + 1e-9)]
