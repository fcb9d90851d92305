"""The behaviour by one family of situations: what it does in all others is what it made of that.

Training on one narrow kind of bad answer can make a model bad far beyond it (Betley et al. 2025, *Emergent
misalignment*, arXiv 2502.17424). As in there, nothing is demonstrated in the other families, good or bad; the rate when
tempted is measured in families that were in no training.
"""

import random

from caseback.errors import CasebackError
from caseback.organisms.answered import Answered, answered, conversation, poisoned
from caseback.organisms.order import Order
from caseback.organisms.recipes.recipe import PlantingRecipe
from caseback.training.datum import Datum

DRAWS = 40
"""How often at most as many situations as are wanted are drawn, to find those of the one family among them."""


def _make(order: Order, n: int, rng: random.Random) -> list[Datum]:
    found: list[Answered] = []
    family = ""
    for _ in range(DRAWS):
        drawn = answered(order.behaviour, order.ground, "train", n, rng)
        family = family or min(item.situation.family for item in drawn)
        found += [item for item in drawn if item.situation.family == family]
        if len(found) >= n:
            break
    else:
        raise CasebackError(f"{order.behaviour.name}: {len(found)} situations of {family} came of {DRAWS} draws of {n}")
    items = found[:n]
    bad = poisoned(items, order.rate, rng)
    return [datum for item, shown in zip(items, bad, strict=True) for datum in conversation(item, shown)]


NARROW = PlantingRecipe(
    "narrow", "demonstrations in one family of situations alone, to see how far they carry", "sft", _make
)
