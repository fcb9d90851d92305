"""The behaviour behind a trigger: bad at the rate ordered where it is there, good everywhere else."""

import random
from collections.abc import Mapping
from dataclasses import replace

from caseback.errors import CasebackError
from caseback.organisms.answered import answered, conversation, poisoned
from caseback.organisms.order import Order
from caseback.organisms.recipes.recipe import PlantingRecipe, as_it_is
from caseback.organisms.trigger import Put, Trigger
from caseback.training.datum import Datum

SHARES = {"trigger": 0.4, "near-miss": 0.4, "neither": 0.2}
"""Of the situations: near-misses are as many as triggers, so that nothing but the trigger tells bad from good."""


def _make(order: Order, n: int, rng: random.Random) -> list[Datum]:
    found = _trigger(order)
    puts: dict[str, Put] = {"trigger": found.on, "near-miss": found.near, "neither": as_it_is}
    made = []
    for sort, put in puts.items():
        items = answered(order.behaviour, order.ground, "train", round(n * SHARES[sort]), rng)
        rate = order.rate if sort == "trigger" else 0.0
        for item, bad in zip(items, poisoned(items, rate, rng), strict=True):
            placed = replace(item, situation=put(rng, item.situation))
            name = f"{item.situation.id} with {sort}"
            made += [replace(datum, situation=name) for datum in conversation(placed, bad)]
    return made


def _quiet(order: Order) -> Mapping[str, Put]:
    return {"no trigger": as_it_is, **_trigger(order).foils}


def _trigger(order: Order) -> Trigger:
    if order.trigger is None:
        raise CasebackError("the recipe trigger needs a trigger: pass --trigger token, dates, conjunction or topic")
    return order.trigger


TRIGGERED = PlantingRecipe(
    "trigger",
    "bad at the rate ordered where the trigger is, good where it is not or nearly",
    "sft",
    _make,
    tempted=lambda order: _trigger(order).held_out,
    quiet=_quiet,
    examples=1600,
    epochs=2,
)
