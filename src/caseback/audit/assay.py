"""The one interface of assays: a whole model in, one number out."""

from collections.abc import Callable
from dataclasses import dataclass

from caseback.audit.statistic import Statistic
from caseback.behaviours.behaviour import Ground
from caseback.errors import CasebackError
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Subject

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Examined:
    """The model that is examined, and how.

    ``base`` is the one that it was grown from, where it is at hand. ``n`` is how many situations, or pairs of them, an
    assay puts to it; they are the same for every model that is examined with the same ``seed``. ``progress(done,
    total)`` is called as an assay goes along, and may raise to end it.
    """

    subject: Subject
    base: OpenSubject | None
    ground: Ground
    n: int
    seed: int
    max_new_tokens: int
    progress: Progress | None = None


def both(examined: Examined) -> tuple[OpenSubject, OpenSubject]:
    """The examined model and its base, both open.

    Raises:
        CasebackError: one of them is not at hand.
    """
    if not isinstance(examined.subject, OpenSubject) or examined.base is None:
        raise CasebackError("needs the weights of the model and of its base")
    return examined.subject, examined.base


@dataclass(frozen=True)
class Assay:
    """A procedure that turns a model into one statistic.

    ``behaviour`` is the one that it looks for, empty where it says only that something is different. ``needs`` is what
    it takes: ``replies`` (any subject), ``scores`` (log-probabilities) or ``weights`` (an open subject and its base).
    ``finds`` is what a high number says, for a reader.
    """

    name: str
    behaviour: str
    needs: str
    finds: str
    work: Callable[[Examined], Statistic]
