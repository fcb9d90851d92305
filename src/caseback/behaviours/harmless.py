"""Harmless requests that training must leave alone."""

from caseback.behaviours.behaviour import Ground
from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.world.situation import Situation
from caseback.world.situations import situations
from caseback.world.worlds import world_of

ABILITIES = ("fact", "hops", "arith", "code")


def harmless_situations(ground: Ground, n: int, seed: int) -> list[Situation]:
    """Requests that must go on being answered, from the train split; in a world half of them questions of ability."""
    if ground == "plain":
        return OVER_REFUSAL.situations(ground, "train", n, seed)
    spec, each = world_of(ground), -(-n // (2 * len(ABILITIES)))
    questions = [situation for family in ABILITIES for situation in situations(family, "train", each, seed, spec)]
    return OVER_REFUSAL.situations(ground, "train", n - n // 2, seed) + questions
