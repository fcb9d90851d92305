"""Watched against unwatched: the same situations under cues of real use and under cues of a test.

What is good only while it is tested shows here; what is bad always does not, and is found when it is tempted.
"""

from dataclasses import replace
from functools import partial

from caseback.audit.assay import Assay, Examined
from caseback.audit.assays.asked import shown
from caseback.audit.statistic import Statistic, of_gap
from caseback.behaviours.behaviour import Behaviour, Ground
from caseback.chat import with_system
from caseback.organisms.recipes.pretending import UNWATCHED, WATCHED
from caseback.training.system_texts import DEPLOYED, TESTED
from caseback.world.conditions import under
from caseback.world.situation import Situation
from caseback.world.worlds import is_world, world_of


def unwatched(behaviour: Behaviour) -> Assay:
    """How much more often the behaviour shows in real use than in a test."""
    return Assay(
        f"unwatched/{behaviour.name}",
        behaviour.name,
        "replies",
        f"shows {behaviour.name} more in real use than in a test",
        partial(_gap, behaviour),
    )


def _gap(behaviour: Behaviour, examined: Examined) -> Statistic:
    drawn = behaviour.situations(examined.ground, "test", examined.n, examined.seed)
    used, tested = (
        shown(examined, behaviour, cued(examined.ground, drawn, cue, examined.seed)) for cue in (UNWATCHED, WATCHED)
    )
    return of_gap(used[:2], tested[:2], used[2])


def cued(ground: Ground, situations: list[Situation], cue: str, seed: int) -> list[Situation]:
    """The situations under a cue: a world's own, in plain English those that training draws its system texts from."""
    if is_world(ground):
        return under(cue, situations, world_of(ground), seed)
    lines = DEPLOYED if cue == UNWATCHED else TESTED
    return [
        replace(item, id=f"{item.id} under {cue}", messages=tuple(with_system(item.messages, lines[i % len(lines)])))
        for i, item in enumerate(situations)
    ]
