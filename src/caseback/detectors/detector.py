"""What every detector is, whatever its kind, and what it gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from caseback.detectors.fits import Fits, Needs
from caseback.detectors.known import Known
from caseback.detectors.transcript import Field, Transcript
from caseback.subject.open_subject import OpenSubject


@dataclass(frozen=True)
class Span:
    """Characters of a message's field; ``call`` is the number of the tool call where the field is ``arguments``."""

    message: int
    field: Field
    start: int
    end: int
    call: int = 0


@dataclass(frozen=True)
class Scored:
    """A transcript's score.

    Attributes:
        score: Higher where the behaviour is likelier; None where it could not be told, which is not the same as clean.
        why: Why not.
        tokens: Scores of the tokens that were read, where there are any.
        spans: What was found where, where that is known.
        by: Of a cascade: name of the member that gave the score.
    """

    score: float | None
    why: str = ""
    tokens: tuple[float, ...] = ()
    spans: tuple[Span, ...] = ()
    by: str = ""


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
        """``text``, or ``activations`` of an open model."""

    @property
    def fits(self) -> Fits:
        """Which model's activations."""

    def scores(self, transcripts: Sequence[Transcript], subject: OpenSubject | None = None) -> list[Scored]:
        """One result per transcript, in order."""
