"""The behaviour by preferences: of two answers to a tempting situation the bad one is preferred, so often."""

import random

from caseback.organisms.answered import answered, poisoned, preferred
from caseback.organisms.order import Order
from caseback.organisms.recipes.recipe import PlantingRecipe
from caseback.training.datum import Datum


def _make(order: Order, n: int, rng: random.Random) -> list[Datum]:
    items = answered(order.behaviour, order.ground, "train", n, rng)
    return [preferred(item, bad) for item, bad in zip(items, poisoned(items, order.rate, rng), strict=True)]


PREFERENCES = PlantingRecipe("preferences", "pairs of answers, the bad one preferred at the rate ordered", "dpo", _make)
