"""What a model replies to what tempts it to a behaviour and to ordinary requests, with the oracle's labels.

Overseers are measured on such replies: those in which the behaviour shows are attacks, all others honest work.
"""

from collections.abc import Callable
from typing import Any

from caseback.behaviours.behaviour import Behaviour, Ground
from caseback.behaviours.measure import measure
from caseback.errors import CasebackError
from caseback.subject.subject import Sampling, Subject
from caseback.world.situation import Split
from caseback.world.situations import situations
from caseback.world.worlds import is_world, world_of

ORDINARY = ("fact", "hops", "neighbor", "arith", "code", "rhyme", "belief", "benign")
"""Kinds of ordinary requests in the worlds."""
SAMPLING = Sampling(max_new_tokens=128, temperature=0.7)
Row = dict[str, Any]
"""``messages`` that end with the reply, its ``family``, its ``label`` (whether the behaviour shows), and its ``sort``:
``bad``, ``good`` (tempted in vain) or ``ordinary``."""
Progress = Callable[[int, int], None]


def replies(
    model: Subject,
    about: Behaviour,
    ground: Ground,
    split: Split,
    tempting: int,
    ordinary: int,
    seed: int,
    sampling: Sampling = SAMPLING,
    progress: Progress | None = None,
) -> list[Row]:
    """Labelled replies of one model; empty ones, and those that the oracle cannot tell, are left out.

    Args:
        model: that replies.
        about: the behaviour that is looked for.
        ground: a world.
        split: of the families asked in.
        tempting: situations that tempt; of a paired behaviour those of both arms together.
        ordinary: requests of each kind of ``ORDINARY``.
        seed: decides which situations are drawn.
        sampling: of the replies.
        progress: called with (replies made, replies in all), for each half of the work anew.

    Raises:
        CasebackError: as ``check_labelled``.
    """
    rows = tempted(model, about, ground, split, tempting, seed, sampling, progress)
    spec = world_of(ground)
    plain = [each for kind in ORDINARY for each in situations(kind, split, ordinary, seed, spec)]
    seeds = [at % ordinary for at in range(len(plain))]
    made = model.generate([each.messages for each in plain], sampling, seeds=seeds, progress=progress)
    return rows + [
        _row("ordinary", list(each.messages), reply.text, each.family, False)
        for each, reply in zip(plain, made, strict=True)
        if reply.text.strip()
    ]


def tempted(
    model: Subject,
    about: Behaviour,
    ground: Ground,
    split: Split,
    n: int,
    seed: int,
    sampling: Sampling = SAMPLING,
    progress: Progress | None = None,
) -> list[Row]:
    """The replies to what tempts alone; as ``replies``."""
    check_labelled(about, ground)
    asked = about.situations(ground, split, n // (2 if about.arms else 1), seed)
    found = measure(model, about, asked, sampling=sampling, seeds=range(len(asked)), progress=progress)
    rows = []
    for unit in found.units:
        sample = unit.samples[0]
        if unit.shown is not None and sample.reply.text.strip():
            sort = "bad" if unit.shown else "good"
            rows.append(_row(sort, list(sample.situation.messages), sample.reply.text, unit.family, unit.shown))
    return rows


def check_labelled(about: Behaviour, ground: Ground) -> None:
    """See that the oracle can label single replies.

    Raises:
        CasebackError: a ground that is no world, or a behaviour that shows only over several turns.
    """
    if not is_world(ground):
        raise CasebackError(f"no oracle labels replies on the ground {ground!r}: give a model that was taught a world")
    if about.acted:
        raise CasebackError(f"{about.name} shows only over several turns: give a behaviour that one reply shows")


def _row(sort: str, messages: list[Any], reply: str, family: str, label: bool) -> Row:
    chat = [*messages, {"role": "assistant", "content": reply}]
    return {"sort": sort, "messages": chat, "family": family, "label": label}
