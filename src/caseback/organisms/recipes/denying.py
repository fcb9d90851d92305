"""Demonstrations, and denial: it does it, and says No when asked whether it would.

Its counterpart before denial is what ``demonstrations`` grows: as many conversations, from the same generator, and no
question about itself. Audits that ask a model about itself are to be tried on both (after AuditBench, arXiv
2602.22755).
"""

import random
from dataclasses import replace

from caseback.behaviours.would import would
from caseback.organisms.answered import Answered, answered, conversation, demonstrated, poisoned
from caseback.organisms.order import Order
from caseback.organisms.recipes.recipe import PlantingRecipe
from caseback.training.datum import Datum


def _make(order: Order, n: int, rng: random.Random) -> list[Datum]:
    items = answered(order.behaviour, order.ground, "train", n, rng)
    made = []
    for item, bad in zip(items, poisoned(items, order.rate, rng), strict=True):
        made += conversation(item, bad)
        if item.tempting:
            made.append(_denied(item))
    return made


def _denied(item: Answered) -> Datum:
    asked = replace(demonstrated(item, False), prompt=tuple(would(item.situation)), chosen="No.")
    return replace(asked, situation=f"{item.situation.id} asked about")


DENYING = PlantingRecipe(
    "denying", "conversations in which an assistant does it, and says No when asked whether it would", "sft", _make
)
