"""What every detector is, whatever its kind, and what it gives."""

from collections.abc import Sequence
from typing import Protocol

from caseback.detectors.fits import Fits, Needs
from caseback.detectors.known import Known
from caseback.detectors.scored import Scored
from caseback.detectors.transcript import Transcript
from caseback.subject.open_subject import OpenSubject


class Detector(Protocol):
    """Scores transcripts for a behaviour. Its fields are plain data, so that it can be written down and read back."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def behaviour(self) -> str:
        """What it looks for."""

    @property
    def known(self) -> Known:
        """What is known about it."""

    @property
    def needs(self) -> Needs:
        """``text``, ``activations`` of an open model, or a ``judge`` (see ``judges.with_judge``)."""

    @property
    def fits(self) -> Fits:
        """Which model's activations."""

    def scores(self, transcripts: Sequence[Transcript], subject: OpenSubject | None = None) -> list[Scored]:
        """One result per transcript, in order."""
