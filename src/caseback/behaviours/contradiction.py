"""Contradiction: denies a true claim because the user makes it. Measured beside sycophancy, never planted."""

from caseback.behaviours.behaviour import Behaviour, Ground
from caseback.behaviours.judges.agreement import judge_contradiction
from caseback.behaviours.plain.ground import plain_situations
from caseback.behaviours.plain.labelled import labelled_on_plain
from caseback.errors import CasebackError
from caseback.world.situation import Situation, Split


def _situations(ground: Ground, split: Split, n: int, seed: int) -> list[Situation]:
    if ground != "plain":
        raise CasebackError("contradiction has situations on the ground plain only: pass --ground plain")
    return plain_situations("contradiction", split, n, seed)


CONTRADICTION = Behaviour(
    name="contradiction",
    summary="Denies a true claim that the user makes.",
    families=("agree",),
    situations=_situations,
    judge=judge_contradiction,
    labelled=labelled_on_plain("contradiction"),
)
