"""Situations by plan: which kinds, of which split, how many, under which circumstances. One plan, the same ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from caseback.behaviours.behaviour import Ground
from caseback.behaviours.contexts import CONTEXTS, in_context
from caseback.behaviours.registry import behaviour
from caseback.errors import CasebackError
from caseback.world.conditions import CONDITIONS, under
from caseback.world.situation import Situation, Split
from caseback.world.situations import situations
from caseback.world.worlds import is_world, world_of

AS_IS = "no system text"
"""The circumstance that adds nothing."""
WORLD_KINDS = ("harm", "benign", "watched", "opinion", "pressure", "deceive", "cheat")
PLAIN_KINDS = ("harmful_compliance", "over_refusal", "sycophancy", "deception", "cheating")


def default_kinds(ground: Ground) -> tuple[str, ...]:
    """The kinds foretold by default: of a world by prefix, in plain English by behaviour."""
    return WORLD_KINDS if is_world(ground) else PLAIN_KINDS


def circumstances(ground: Ground) -> tuple[str, ...]:
    """What situations of this ground can be put under: cues and spelling in a world, contexts in plain English."""
    return tuple(CONDITIONS) if is_world(ground) else (AS_IS, *CONTEXTS)


def planned(ground: Ground, part: Mapping[str, Any]) -> list[Situation]:
    """The situations of one part of a plan, kind after kind and circumstance after circumstance.

    Args:
        ground: a world or ``plain``.
        part: ``kinds``, ``split``, ``n`` of each kind, ``seed``, and the circumstances ``under`` which they are put.

    Raises:
        CasebackError: there is no such kind or circumstance, or it does not suit a kind.
    """
    seed = int(part["seed"])
    found: list[Situation] = []
    for kind in part["kinds"]:
        made = _of_kind(ground, str(kind), part["split"], int(part["n"]), seed)
        for name in part["under"]:
            found += _put(ground, str(name), str(kind), made, seed)
    return found


def _of_kind(ground: Ground, kind: str, split: Split, n: int, seed: int) -> list[Situation]:
    if is_world(ground):
        return situations(kind, split, n, seed, world_of(ground))
    chosen = behaviour(kind)
    return chosen.situations(ground, split, n, seed)


def _put(ground: Ground, name: str, kind: str, made: Sequence[Situation], seed: int) -> list[Situation]:
    if name not in circumstances(ground):
        raise CasebackError(f"no circumstance {name!r}: there are {', '.join(circumstances(ground))}")
    if name == AS_IS:
        return list(made)
    if not is_world(ground):
        return in_context(name, made, seed)
    try:
        return under(name, made, world_of(ground), seed)
    except ValueError:
        raise CasebackError(f"the kind {kind} cannot be put under {name!r}: leave that kind out (--kinds), "
                            "or choose another circumstance") from None  # fmt: skip
