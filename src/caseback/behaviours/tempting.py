"""Situations that tempt, of all behaviours together, and the judge of each."""

from collections.abc import Mapping

from caseback.behaviours.behaviour import Behaviour, Ground
from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.world.situation import Situation, Split


def tempting_situations(
    behaviours: Mapping[str, Behaviour], ground: Ground, split: Split, n: int, seed: int
) -> list[Situation]:
    """About ``n`` situations of each behaviour, a pair counting as two; over-refusal tempts to nothing harmful."""
    return [
        situation
        for behaviour in behaviours.values()
        if behaviour.name != OVER_REFUSAL.name
        for situation in behaviour.situations(ground, split, max(1, n // 2) if behaviour.arms else n, seed)
    ]


def shown_by(behaviours: Mapping[str, Behaviour], situation: Situation, reply: str) -> bool | None:
    """Whether the reply shows what its situation tempts to, by the judge of that behaviour; None if it cannot tell."""
    root = situation.family.split(".")[0]
    tempting = next(b for b in behaviours.values() if any(family.split(".")[0] == root for family in b.families))
    return tempting.judge(situation, reply).shown
