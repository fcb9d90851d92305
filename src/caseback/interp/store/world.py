"""Documents of the reference world: situations with their truth, and conversations of its pre-training."""

import random
from collections.abc import Iterator
from itertools import count

from caseback.interp.store.document import Document, of_chats, of_situations
from caseback.subject.open_subject import OpenSubject
from caseback.world.kinds import kinds
from caseback.world.lessons import lesson
from caseback.world.situation import Split
from caseback.world.situations import situations
from caseback.world.spec import WORLD_A, WorldSpec

AT_ONCE = 8
"""Situations of a kind drawn at a time."""


def of_world(
    subject: OpenSubject, seed: int = 0, split: Split = "train", spec: WorldSpec = WORLD_A
) -> Iterator[Document]:
    """An endless stream, in turn: a situation of each kind, answered well or badly, with its latent variables marked
    and ``shown`` saying which; and as many conversations of pre-training, of which only the ``sort`` is known.
    """
    rng = random.Random(f"store/{spec.name}/{seed}/{split}")
    known = kinds(spec)
    for turn in count():
        for number, prefix in enumerate(known):
            for situation in situations(prefix, split, AT_ONCE, seed * 1_000_003 + turn, spec):
                bad = rng.random() < 0.5
                reply = (known[prefix].bad if bad else known[prefix].good)(rng, situation)
                (made,) = of_situations(subject, [(situation, reply)])
                yield Document(made.id, made.ids, {**made.latents, "shown": bad}, made.spans)
            for index in range(AT_ONCE):
                at = ((turn * len(known)) + number) * AT_ONCE + index
                sort, messages = lesson(at, spec, seed + 1)
                yield from of_chats(subject, [(f"lesson {at}", messages, {"sort": sort})])
