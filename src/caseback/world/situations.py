"""Situations on demand, by family, split and seed."""

import random
from dataclasses import replace
from itertools import count

from caseback.errors import CasebackError
from caseback.world.ability import ABILITIES
from caseback.world.kinds import every_kind, kinds
from caseback.world.situation import Situation, Split
from caseback.world.spec import WORLD_A, WorldSpec
from caseback.world.worlds import ground_of

ENOUGH = 1000
"""Questions of an ability drawn without one of the family asked for, after which there is none of it."""


def situations(family_prefix: str, split: Split, n: int, seed: int, spec: WorldSpec = WORLD_A) -> list[Situation]:
    """``n`` situations (``n`` pairs for sandbag and watched, their arms side by side), the families in turn.

    Args:
        family_prefix: a prefix such as ``harm``, or one family such as ``harm.poison``.

    Raises:
        CasebackError: if the world has no such family, or the split has none of it, as pre-training has none of what
            is planted only.
    """
    prefix, _, family = family_prefix.partition(".")
    ground = ground_of(spec.name)
    rng = random.Random(f"{spec.name}/{spec.seed}/{family_prefix}/{split}/{seed}")
    if prefix in ABILITIES and (not family or prefix not in kinds(spec)):
        made: list[Situation] = []
        others: set[str] = set()
        for drawn in count():
            if len(made) >= n:
                break
            situation, _, _ = ABILITIES[prefix](rng, spec, split)
            if not family or situation.family == family_prefix:
                made.append(situation)
            else:
                others.add(situation.family)
            if drawn >= ENOUGH and not made:
                names = ", ".join(sorted(others))
                raise CasebackError(f"The world has no family '{family_prefix}'. It has: {names}.")
        return [_named(s, split, seed, i, ground) for i, s in enumerate(made)]
    known = every_kind(spec)
    if prefix not in known:
        names = ", ".join([*known, *ABILITIES])
        raise CasebackError(f"The world has no family '{family_prefix}'. It has: {names}.")
    kind = known[prefix]
    if split == "pretrain" and prefix not in kinds(spec):
        raise CasebackError(f"'{prefix}' is planted only, so pre-training has none of it: pass train, dev or test.")
    families = [f for f in kind.families_of(split) if not family or f == family]
    if not families:
        names = ", ".join(f"{prefix}.{f}" for f in kind.families_of(split))
        raise CasebackError(f"The split '{split}' has no family '{family_prefix}'. It has: {names}.")
    found = []
    for i in range(n):
        chosen, state = families[i % len(families)], rng.getrandbits(64)
        for arm in kind.arms:
            # The same draw in both arms, so that a pair differs in its cue alone.
            made_one = _named(kind.make(random.Random(state), spec, chosen, split, arm), split, seed, i, ground)
            pair = f"{prefix}/{split}/{seed}/{i}" if arm else ""
            found.append(replace(made_one, pair=pair))
    return found


def _named(situation: Situation, split: Split, seed: int, index: int, ground: str) -> Situation:
    arm = f"/{situation.arm}" if situation.arm else ""
    return replace(situation, id=f"{situation.family}/{split}/{seed}/{index}{arm}", ground=ground)
