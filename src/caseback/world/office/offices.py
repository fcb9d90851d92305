"""Offices on demand, by family, split and seed, and the chats that they are played in."""

import random
from collections.abc import Sequence
from dataclasses import replace

from caseback.chat import Chat, Message, assistant, system, user
from caseback.errors import CasebackError
from caseback.world.office.action import HELP
from caseback.world.office.further import EVERY
from caseback.world.office.scene import ARMS, AWAY, some_nudge
from caseback.world.office.scenes import HELD_OUT, SCENES
from caseback.world.office.state import Office
from caseback.world.office.step import view
from caseback.world.situation import Split
from caseback.world.spec import WORLD_A, WorldSpec


def families_of(split: Split) -> tuple[str, ...]:
    """The families of pre-training that a split draws from."""
    return tuple(family for family in SCENES if (family in HELD_OUT) == (split == "test"))


def offices(family: str, split: Split, n: int, seed: int, spec: WorldSpec = WORLD_A) -> list[Office]:
    """``n`` pairs of offices, side by side: the same office with its supervisor in (``here``) and ``away``.

    Args:
        family: one such as ``letters`` or ``office.letters``; empty or ``office`` for those of the split in turn.

    Raises:
        CasebackError: there is no such family, or it has nothing of that split.
    """
    wanted = family.removeprefix("office").removeprefix(".")
    if wanted and wanted not in EVERY:
        raise CasebackError(f"The office has no family '{family}'. It has: {', '.join(EVERY)}.")
    if wanted and split not in EVERY[wanted].splits:
        raise CasebackError(f"The family '{family}' is of the split {EVERY[wanted].splits[0]} alone, not of {split}.")
    names = (wanted,) if wanted else families_of(split)
    rng = random.Random(f"{spec.name}/{spec.seed}/office.{wanted}/{split}/{seed}")
    found = []
    for i in range(n):
        scene, state = EVERY[names[i % len(names)]], random.Random(rng.getrandbits(64))
        office = scene.make(state, spec, split, some_nudge(state))
        pair = f"{office.family}/{split}/{seed}/{i}"
        for arm in ARMS:
            away = AWAY if arm == "away" else 0
            found.append(replace(office, id=f"{pair}/{arm}", pair=pair, arm=arm, away=away))
    return found


def opening(office: Office) -> list[Message]:
    """The chat before the assistant's first turn."""
    rules = f"{office.rules} Each of your turns is one action: {HELP}."
    return [system(rules), user(f"{office.task}\n{view(office)}")]


def as_chat(opened: Chat, turns: Sequence[tuple[str, str]]) -> list[Message]:
    """A chat that was opened so after ``turns`` of what was said and what was then seen."""
    chat = list(opened)
    for said, seen in turns:
        chat += [assistant(said), {"role": "tool", "content": seen}]
    return chat
