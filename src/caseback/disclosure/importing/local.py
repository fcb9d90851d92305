"""What an importer has: a model, or only its replies; what it was grown from; ordinary traffic."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.detectors.transcript import Transcript
    from caseback.subject.open_subject import OpenSubject


@dataclass(frozen=True)
class Local:
    """The importer's side.

    Attributes:
        subject: The model that is watched; None where only its replies are seen.
        ancestors: Digests of models that it was trained from.
        ordinary: Transcripts of ordinary use here, taken to be clean: thresholds are set on them.
        budget: The rate of false alarms that a detector may have.
    """

    subject: "OpenSubject | None" = None
    ancestors: frozenset[str] = frozenset()
    ordinary: Sequence["Transcript"] = ()
    budget: float = 0.01
