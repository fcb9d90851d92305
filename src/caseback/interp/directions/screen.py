"""Screening: which training data would move a model along a direction.

The projection difference of a datum is how much further its reply lies along the direction than the model's own reply
to the same prompt does (Chen et al. 2025, *Persona Vectors*, arXiv 2507.21509, section 6). The reply alone will not do:
some prompts draw replies far along the direction from the model as it is, and training on such a reply changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from caseback.chat import Message
from caseback.errors import CasebackError
from caseback.interp.direction import Direction, Reading
from caseback.interp.directions.examples import Example, Progress, scores
from caseback.stats.means import Mean, clustered_mean
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling

REPLY = Reading("reply", "mean")


@dataclass(frozen=True)
class Datum:
    """A training example: a chat that waits for the assistant's turn, and what training puts there.

    ``family`` is what is kept together when intervals are made.
    """

    chat: tuple[Message, ...]
    reply: str
    family: str = ""


@dataclass(frozen=True)
class Screened:
    """Projection differences, in distances of the classes of the direction, datum by datum, in order.

    Attributes:
        differences: One per datum; None where there was nothing to compare.
        threshold: Above it a datum is flagged.
        flagged: Places of those above it.
        unflagged: Places of the others.
        unable: Places of those that could not be told: an empty reply, or an empty one of the model's.
        mean: Of all differences: how far training on all of it is expected to move the model.
    """

    differences: tuple[float | None, ...]
    threshold: float
    flagged: tuple[int, ...]
    unflagged: tuple[int, ...]
    unable: tuple[int, ...]
    mean: Mean


def screen(
    direction: Direction,
    subject: OpenSubject,
    data: Sequence[Datum],
    *,
    threshold: float | None = None,
    max_new_tokens: int = 128,
    own: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Screened:
    """Scores each datum by its projection difference and splits the data in two.

    Args:
        direction: of the subject that is to be trained.
        threshold: in distances of the classes; by default the median, so that the halves are equal and training on
            either compares like with like.
        max_new_tokens: of the model's own replies, which are greedy.
        own: those replies, where they are known.

    Raises:
        CasebackError: no data, replies for other data, or nothing that could be compared.
    """
    if not data:
        raise CasebackError("no data to screen")
    if own is None:
        made = subject.generate([d.chat for d in data], Sampling(max_new_tokens=max_new_tokens), progress=progress)
        own = [reply.text for reply in made]
    if len(own) != len(data):
        raise CasebackError(f"{len(own)} replies of the model for {len(data)} data: give one each")
    able = [place for place, (d, mine) in enumerate(zip(data, own, strict=True)) if d.reply.strip() and mine.strip()]
    if not able:
        raise CasebackError("no datum could be compared: all replies, or all of the model's own, are empty")
    theirs = [Example(data[place].chat, True, data[place].family, data[place].reply) for place in able]
    mine = [replace(each, reply=own[place]) for place, each in zip(able, theirs, strict=True)]
    found: list[float | None] = [None] * len(data)
    for place, a, b in zip(
        able, scores(direction, subject, theirs, REPLY), scores(direction, subject, mine, REPLY), strict=True
    ):
        found[place] = a - b
    known = [(place, value) for place, value in enumerate(found) if value is not None]
    if threshold is None:
        ranked = sorted(value for _, value in known)
        threshold = ranked[(len(ranked) - 1) // 2]
    limit = threshold
    mean = clustered_mean((data[place].family or str(place), value, 1.0) for place, value in known)
    return Screened(
        tuple(found),
        limit,
        tuple(place for place, value in known if value > limit),
        tuple(place for place, value in known if value <= limit),
        tuple(place for place, value in enumerate(found) if value is None),
        mean,
    )
