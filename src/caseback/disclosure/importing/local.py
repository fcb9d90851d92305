"""What an importer has: a model, or only its replies; what it was grown from; ordinary traffic."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
        parents: Those of them that are at hand, by digest: what loads them.
        ordinary: Transcripts of ordinary use here: thresholds are set on those that are not labelled as showing the
            behaviour, which are taken to be clean.
        budget: The rate of false alarms that a detector may have.
        own_replies: Prompts of each class of a recipe that the model answers itself before a direction is refitted on
            it; 0 for none. It takes seconds to minutes, and finds more where the model shows the behaviour in words of
            its own.
    """

    subject: "OpenSubject | None" = None
    ancestors: frozenset[str] = frozenset()
    ordinary: Sequence["Transcript"] = ()
    budget: float = 0.01
    parents: "Mapping[str, Callable[[], OpenSubject]]" = field(default_factory=dict)
    own_replies: int = 0

    @property
    def clean(self) -> "list[Transcript]":
        """The ordinary transcripts of which nobody knows that they show it."""
        return [each for each in self.ordinary if each.label is not True]
