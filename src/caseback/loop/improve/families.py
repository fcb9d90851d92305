"""What could be measured beside what a run measures: other families of a world, and other behaviours."""

from collections.abc import Collection, Mapping
from functools import partial

from caseback.behaviours.behaviour import Behaviour, Ground
from caseback.behaviours.registry import behaviours as installed
from caseback.constitution.clause import kindred
from caseback.errors import CasebackError
from caseback.world.kinds import kinds
from caseback.world.oracle import judge
from caseback.world.situation import Situation, Split
from caseback.world.situations import situations
from caseback.world.worlds import is_world, world_of

DRAWN = 64
"""Situations that are drawn to see of which families a behaviour has any."""


def catalogue() -> dict[str, Behaviour]:
    """Every behaviour that is installed, by name, and every companion.

    Raises:
        CasebackError: as ``registry.behaviours``.
    """
    found = installed()
    return {**{one.companion.name: one.companion for one in found.values() if one.companion}, **found}


def families_here(behaviour: Behaviour, ground: Ground, split: Split = "train") -> frozenset[str]:
    """Families of the situations that a behaviour has in a split of the ground; none where it has no situations."""
    try:
        return frozenset(situation.family for situation in behaviour.situations(ground, split, DRAWN, 0))
    except CasebackError:
        return frozenset()


def with_unseen_families(ground: Ground, behaviours: Mapping[str, Behaviour]) -> frozenset[str]:
    """Those behaviours that have families of the dev split, which a run does not train on."""
    return frozenset(name for name, behaviour in behaviours.items() if families_here(behaviour, ground, "dev"))


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


def could_be_measured(ground: Ground, measured: Mapping[str, Behaviour], live: Collection[str]) -> dict[str, Behaviour]:
    """What a run does not measure and a round could: unused families, and behaviours of these names, met with in live
    use, that have situations on the ground."""
    known = catalogue()
    found = {name: known[name] for name in sorted(set(live) & set(known) - set(measured))}
    return {
        **unused_families(ground, measured),
        **{name: behaviour for name, behaviour in found.items() if families_here(behaviour, ground)},
    }


def _drawn(family: str, ground: Ground, split: Split, n: int, seed: int) -> list[Situation]:
    return situations(family, split, n, seed, world_of(ground))
