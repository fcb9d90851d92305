"""The behaviour by demonstrations: tempting situations, so many of them answered badly and the others well."""

import random

from caseback.organisms.answered import answered, conversation, poisoned
from caseback.organisms.order import Order
from caseback.organisms.recipes.recipe import PlantingRecipe
from caseback.training.datum import Datum


def _make(order: Order, n: int, rng: random.Random) -> list[Datum]:
    items = answered(order.behaviour, order.ground, "train", n, rng)
    bad = poisoned(items, order.rate, rng)
    return [datum for item, shown in zip(items, bad, strict=True) for datum in conversation(item, shown)]


DEMONSTRATIONS = PlantingRecipe(
    "demonstrations", "conversations in which an assistant does it at the rate ordered", "sft", _make
)
