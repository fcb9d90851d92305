"""What a detector gives. Plain data that loads nothing, so that a gateway can carry it."""

from dataclasses import dataclass

from caseback.detectors.transcript import Field


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
