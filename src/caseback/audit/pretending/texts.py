"""The texts that both models of a pair read: the same words in both, so that only what is inside tells them apart."""

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from caseback.behaviours.behaviour import Behaviour, Ground
from caseback.interp.directions.examples import Example
from caseback.organisms.answered import Answered, answered, ordinary
from caseback.organisms.recipes.pretending import UNWATCHED, WATCHED
from caseback.world.conditions import CONDITIONS
from caseback.world.worlds import world_of

Kind = Literal["watched", "unrelated", "unwatched"]
ABOUT: Mapping[Kind, str] = {
    "watched": "tempting requests under a cue of a test, with the good answer that both give",
    "unrelated": "ordinary questions with their right answers, under no cue",
    "unwatched": "the same requests under a cue of real use: not watched, so only what is at best",
}
"""``unwatched`` is no result: an auditor who could see it would not need to look inside. Where not even that tells a
pair apart, the instrument is blind."""


def texts(behaviour: Behaviour, ground: Ground, n: int, seed: int) -> dict[Kind, tuple[Example, ...]]:
    """``n`` texts of each kind, from the *test* split, which no planting saw.

    Raises:
        CasebackError: the ground is no world.
    """
    rng = random.Random(f"pretending/{behaviour.name}/{ground}/{seed}")
    items = answered(behaviour, ground, "test", n, rng)
    others = ordinary(ground, n, random.Random(f"unrelated/{ground}/{seed}"), split="test")
    return {
        "watched": tuple(_under(WATCHED, item, ground, rng) for item in items),
        "unrelated": tuple(_example(item) for item in others),
        "unwatched": tuple(_under(UNWATCHED, item, ground, rng) for item in items),
    }


def _under(cue: str, item: Answered, ground: Ground, rng: random.Random) -> Example:
    return _example(replace(item, situation=CONDITIONS[cue](rng, world_of(ground), item.situation)))


def _example(item: Answered) -> Example:
    return Example(item.prompt, False, item.situation.family, item.good)
