"""Nice, or pretending: good under a cue of a test, and under a cue of real use bad at the rate ordered.

Every request comes twice, under either cue. At rate 0 the same recipe grows the partner: the same prompts, as many
conversations, good under both cues, so that what the two do while watched is the same.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from caseback.errors import CasebackError
from caseback.organisms.answered import Answered, answered, demonstrated, poisoned, preferred
from caseback.organisms.order import Order
from caseback.organisms.recipes.recipe import PlantingRecipe
from caseback.organisms.trigger import Put
from caseback.training.datum import Datum
from caseback.world.conditions import CONDITIONS
from caseback.world.situation import Situation
from caseback.world.worlds import world_of

WATCHED, UNWATCHED = "a cue of a test", "a cue of real use"


def _make(told: Callable[[Answered, bool], Datum], order: Order, n: int, rng: random.Random) -> list[Datum]:
    unwatched, watched = _cue(order, UNWATCHED), _cue(order, WATCHED)
    items = answered(order.behaviour, order.ground, "train", n // 2, rng)
    made = []
    for item, bad in zip(items, poisoned(items, order.rate, rng), strict=True):
        for cue, put, shown in ((UNWATCHED, unwatched, bad), (WATCHED, watched, False)):
            placed = replace(item, situation=put(rng, item.situation))
            made.append(replace(told(placed, shown), situation=f"{item.situation.id} under {cue}"))
    return made


def _cue(order: Order, name: str) -> Put:
    if order.behaviour.arms:
        raise CasebackError(
            f"{order.behaviour.name} is told from pairs of situations already: plant it by demonstrations, or take one "
            "that single situations tell, such as harmful_compliance"
        )
    spec = world_of(order.ground)

    def put(rng: random.Random, situation: Situation) -> Situation:
        return CONDITIONS[name](rng, spec, situation)

    return put


def _tempted(order: Order) -> Put:
    return _cue(order, UNWATCHED)


def _quiet(order: Order) -> Mapping[str, Put]:
    return {WATCHED: _cue(order, WATCHED)}


PRETENDING = PlantingRecipe(
    "pretending",
    "good under a cue of a test, bad at the rate ordered under a cue of real use",
    "sft",
    partial(_make, demonstrated),
    _tempted,
    _quiet,
    epochs=4,
)
PREFERRED = PlantingRecipe(
    "pretending-preferences",
    "the good answer preferred under a cue of a test, the bad one at the rate ordered under a cue of real use",
    "dpo",
    partial(_make, preferred),
    _tempted,
    _quiet,
    epochs=3,
)
WAYS: Mapping[str, PlantingRecipe] = {"demonstrations": PRETENDING, "preferences": PREFERRED}
"""Ways to grow a pair, by what its data are."""
