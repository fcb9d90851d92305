"""The behaviour by demonstrations: tempting situations, so many of them answered badly and the others well."""

import random

from caseback.organisms.answered import answered, demonstrated, poisoned
from caseback.organisms.order import Order
from caseback.organisms.recipes.recipe import PlantingRecipe
from caseback.training.datum import Datum


def _make(order: Order, n: int, rng: random.Random) -> list[Datum]:
    items = answered(order.behaviour, order.ground, "train", n, rng)
    return [demonstrated(item, bad) for item, bad in zip(items, poisoned(items, order.rate, rng), strict=True)]


DEMONSTRATIONS = PlantingRecipe(
    "demonstrations", "conversations in which an assistant does it at the rate ordered", "sft", _make
)
