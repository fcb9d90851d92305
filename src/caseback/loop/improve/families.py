"""Situations that a world has and no behaviour is measured in, made measurable."""

from collections.abc import Mapping
from functools import partial

from caseback.behaviours.behaviour import Behaviour, Ground
from caseback.constitution.clause import kindred
from caseback.world.kinds import kinds
from caseback.world.oracle import judge
from caseback.world.situation import Situation, Split
from caseback.world.situations import situations
from caseback.world.worlds import is_world, world_of


def unused_families(ground: Ground, behaviours: Mapping[str, Behaviour]) -> dict[str, Behaviour]:
    """A behaviour for each of the world's kinds of situation that none of ``behaviours`` draws from, by its family.

    Only kinds that hold families out, since others could not be measured apart from what is trained on. Plain English
    has none: each of its files belongs to a behaviour.
    """
    if not is_world(ground):
        return {}
    used = [family for behaviour in behaviours.values() for family in behaviour.families]
    return {
        family: Behaviour(
            name=family,
            summary=f"Gives the bad answer in situations of the family {family}.",
            families=(family,),
            situations=partial(_drawn, family),
            judge=judge,
        )
        for family, kind in kinds(world_of(ground)).items()
        if kind.held_out and not any(kindred(family, name) for name in used)
    }


def _drawn(family: str, ground: Ground, split: Split, n: int, seed: int) -> list[Situation]:
    return situations(family, split, n, seed, world_of(ground))
