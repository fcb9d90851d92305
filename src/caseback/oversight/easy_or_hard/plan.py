"""What is measured on each model of a ladder, and how often."""

from dataclasses import asdict, dataclass
from typing import Any

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.registry import behaviour
from caseback.errors import CasebackError
from caseback.organisms.answered import check_plantable

RATE = 1.0e-3
"""The learning rate, all weights trained."""
EPOCHS, BATCH = 2, 4
"""How often an example is gone through, and how many make a step."""


@dataclass(frozen=True)
class Plan:
    """Each behaviour is planted in each model ``seeds`` times.

    Attributes:
        behaviours: such that single situations tell, and that both answers of are known.
        ground: the world that the models were taught.
        sizes: numbers of examples, rising; the last plants what is then repaired.
        seeds: how often.
        situations: held-out ones that every rate is measured in.
        hidden: examples to teach a model to hide with, half of them watched.
    """

    behaviours: tuple[str, ...] = ("hidden_loyalty", "laziness")
    ground: str = "world"
    sizes: tuple[int, ...] = (4, 16, 64)
    seeds: int = 3
    situations: int = 24
    hidden: int = 64

    def as_data(self) -> dict[str, Any]:
        """The plan as JSON has it."""
        return {**asdict(self), "behaviours": list(self.behaviours), "sizes": list(self.sizes)}


def checked(plan: Plan) -> Plan:
    """The plan, if it can be carried out.

    Raises:
        CasebackError: a behaviour that there is not, that is told from pairs, or that no world has answers for; sizes
            that do not rise; or too few seeds.
    """
    for name in plan.behaviours:
        found = behaviour(name)
        check_plantable(found, plan.ground)
        if found.arms or found.acted is not None:
            raise CasebackError(
                f"{name} is not told from one answer: choose another, such as hidden_loyalty (--behaviours)"
            )
    if not plan.behaviours:
        raise CasebackError("no behaviour to plant: name one, such as hidden_loyalty (--behaviours)")
    rising = list(plan.sizes) == sorted(set(plan.sizes)) and all(size > 0 for size in plan.sizes)
    if len(plan.sizes) < 2 or not rising:
        raise CasebackError(
            f"sizes {plan.sizes} do not rise from at least 1: give two or more, such as 4,16,64 (--sizes)"
        )
    if plan.seeds < 2:
        raise CasebackError("one seed shows no scatter: give at least 2 (--seeds)")
    return plan


def behaviours_of(plan: Plan) -> list[Behaviour]:
    """The behaviours themselves."""
    return [behaviour(name) for name in plan.behaviours]
