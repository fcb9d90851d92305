"""The one interface of assays: a whole model in, one number out."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TypeVar

from caseback.audit.statistic import Statistic
from caseback.behaviours.behaviour import Ground
from caseback.errors import CasebackError
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Subject

Progress = Callable[[int, int], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Examined:
    """The model that is examined, and how.

    ``base`` is the one that it was grown from, where it is at hand. ``n`` is how many situations, or pairs of them, an
    assay puts to it; they are the same for every model that is examined with the same ``seed``. ``progress(done,
    total)`` is called as an assay goes along, and may raise to end it. ``read`` holds what was read of the base alone,
    for all that are examined beside it with the same ``n``, ``seed`` and ``ground``.
    """

    subject: Subject
    base: OpenSubject | None
    ground: Ground
    n: int
    seed: int
    max_new_tokens: int
    progress: Progress | None = None
    read: dict[Hashable, object] = field(default_factory=dict, compare=False)


def both(examined: Examined) -> tuple[OpenSubject, OpenSubject]:
    """The examined model and its base, both open.

    Raises:
        CasebackError: one of them is not at hand.
    """
    if not isinstance(examined.subject, OpenSubject) or examined.base is None:
        raise CasebackError("needs the weights of the model and of its base")
    return examined.subject, examined.base


def of_base(examined: Examined, base: OpenSubject, what: Hashable, work: Callable[[], T]) -> T:
    """What ``work`` reads of the base and of nothing else, once for all that are examined beside it."""
    key = (base.digest, examined.ground, examined.n, examined.seed, what)
    if key not in examined.read:
        examined.read[key] = work()
    return examined.read[key]  # type: ignore[return-value]  # what was kept under the key is of this work


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
