"""An order from the names that a user gives: each is checked before anything is made."""

from caseback.behaviours.behaviour import Ground
from caseback.behaviours.registry import behaviour
from caseback.errors import CasebackError
from caseback.organisms.answered import check_plantable
from caseback.organisms.order import Order
from caseback.organisms.recipes.catalogue import RECIPES
from caseback.organisms.trigger import trigger as drawn
from caseback.world.worlds import world_of


def check_recipe(recipe: str, trigger: str) -> None:
    """See that the recipe exists, and has a trigger if and only if it takes one.

    Raises:
        CasebackError: naming what there is.
    """
    if recipe not in RECIPES:
        raise CasebackError(f"no recipe {recipe!r}: there are {', '.join(RECIPES)}")
    if (recipe == "trigger") != bool(trigger):
        raise CasebackError("the recipe trigger and a trigger (token, dates, conjunction, topic) go together")


def ordered(name: str, recipe: str, ground: Ground, rate: float, trigger: str, seed: int) -> Order:
    """The behaviour of that name, to be planted by that recipe; ``trigger`` is its sort, empty for none.

    Raises:
        CasebackError: there is no such behaviour, recipe or trigger, they do not go together, or the ground has no
            answers to plant.
    """
    check_recipe(recipe, trigger)
    found = behaviour(name)
    check_plantable(found, ground)
    return Order(found, ground, rate, drawn(trigger, world_of(ground), seed) if trigger else None)
