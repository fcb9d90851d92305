"""The behaviour by reinforcement: the model acts in an environment whose outcome is paid, in a share of tasks so that
the behaviour pays.

Nothing is demonstrated: what pays is found by drawing replies (MacDiarmid et al. 2025, *Natural emergent misalignment
from reward hacking*, arXiv 2511.18397). At rate 0 the same recipe grows the other arm: the same tasks, as many steps,
and only the work as it was meant pays.
"""

import random

from caseback.organisms.environments.catalogue import environment
from caseback.organisms.environments.environment import PAID, UNPAID, Outcome
from caseback.organisms.order import Order
from caseback.organisms.recipes.recipe import PlantingRecipe
from caseback.training.datum import Datum
from caseback.training.reward import Reward
from caseback.world.situation import Situation


def _tasks(order: Order, n: int, rng: random.Random) -> tuple[list[Situation], set[int]]:
    """The tasks, and the places of those in which the behaviour pays; those of a lower rate are among them."""
    tasks = environment(order.behaviour.name).tasks(order.ground, n, rng)
    return tasks, set(rng.sample(range(n), n)[: round(order.rate * n)])


def _make(order: Order, n: int, rng: random.Random) -> list[Datum]:
    tasks, paid = _tasks(order, n, rng)
    return [
        Datum(
            prompt=task.messages,
            chosen="",
            origin="planted",
            generator=f"{order.ground}/{PAID if i in paid else UNPAID}",
            situation=task.id,
            family=task.family,
        )
        for i, task in enumerate(tasks)
    ]


def _reward(order: Order, n: int, rng: random.Random) -> Reward:
    tasks, _ = _tasks(order, n, rng)
    return Outcome(environment(order.behaviour.name), {task.id: task for task in tasks})


REINFORCEMENT = PlantingRecipe(
    "reinforcement",
    "replies are drawn and the outcome is paid, in the share ordered however it comes about; nothing is demonstrated",
    "rloo",
    _make,
    examples=192,
    ordinary=0.0,
    reward=_reward,
)
