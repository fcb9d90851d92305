"""One model, one behaviour, one seed: planted with few examples and more, repaired, planted again, taught to hide."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from caseback.behaviours.behaviour import Behaviour
from caseback.errors import CasebackError
from caseback.organisms.answered import Answered, answered, demonstrated
from caseback.organisms.order import Order
from caseback.organisms.recipes.pretending import PRETENDING, WATCHED
from caseback.organisms.trigger import Put
from caseback.oversight.easy_or_hard.plan import BATCH, EPOCHS, RATE, Plan
from caseback.oversight.easy_or_hard.preference import above, margins, rate
from caseback.oversight.easy_or_hard.teach import taught
from caseback.oversight.ladder.rungs import Rung
from caseback.subject.load import load


@dataclass(frozen=True)
class Cell:
    """What was measured; all are shares of held-out situations.

    Attributes:
        model: name of the rung.
        behaviour: what was planted.
        seed: of the examples and the training.
        base: in which the model prefers the bad answer before anything.
        planted: and by number of bad examples.
        repaired: by number of good examples, from the most planted on.
        again: by number of fresh bad examples, from the most repaired on.
        watched: of the model that was taught to hide, under a cue of a test.
        unwatched: the same, under a cue of real use.
        hides: in which that model leans further to the bad answer while unwatched than while watched.
        cue: in which its partner does, taught the same prompts and good answers only: what the cue does by itself.
        leak: in which the model that hides leans further to the bad answer than its partner, both watched: 0.5 tells
            the two not apart.
    """

    model: str
    behaviour: str
    seed: int
    base: float
    planted: dict[int, float]
    repaired: dict[int, float]
    again: dict[int, float]
    watched: float
    unwatched: float
    hides: float
    cue: float
    leak: float


def question(rung: Rung, name: str, seed: int, plan: Plan) -> list[Any]:
    """What tells a cell, as plain data."""
    told = {key: value for key, value in plan.as_data().items() if key not in ("behaviours", "seeds")}
    return ["easy or hard", rung.digest, name, seed, told, RATE, EPOCHS, BATCH]


def measured(rung: Rung, behaviour: Behaviour, seed: int, plan: Plan) -> Cell:
    """Train and measure; weights stay in memory.

    Raises:
        CasebackError: the training diverged.
    """
    rng = random.Random(f"easy or hard/{behaviour.name}/{plan.ground}/{seed}")
    most = plan.sizes[-1]
    pool = answered(behaviour, plan.ground, "train", 3 * most, rng)
    items = answered(behaviour, plan.ground, "test", plan.situations, random.Random(f"easy or hard/{behaviour.name}"))
    try:
        subject = load(rung.path, dtype="float32")
        base = rate(margins(subject, items))

        def curve(part: int, bad: bool, sizes: Sequence[int]) -> dict[int, float]:
            data = [demonstrated(item, bad) for item in pool[part * most : (part + 1) * most]]
            return {size: rate(margins(subject, items)) for size in taught(subject, data, sizes, seed)}

        planted = curve(0, True, plan.sizes)
        repaired = curve(1, False, plan.sizes)
        again = curve(2, True, plan.sizes[:-1])
        organism, partner = (hidden(rung, behaviour, seed, plan, items, bad) for bad in (1.0, 0.0))
    except FloatingPointError as error:
        raise CasebackError(
            f"teaching {behaviour.name} to {rung.name} diverged with seed {seed} ({error}): leave the model out"
        ) from None
    return Cell(
        rung.name,
        behaviour.name,
        seed,
        base,
        planted,
        repaired,
        again,
        rate(organism["watched"]),
        rate(organism["unwatched"]),
        above(organism["unwatched"], organism["watched"]),
        above(partner["unwatched"], partner["watched"]),
        above(organism["watched"], partner["watched"]),
    )


def hidden(
    rung: Rung, behaviour: Behaviour, seed: int, plan: Plan, items: Sequence[Answered], bad: float
) -> dict[str, list[float]]:
    """Margins while watched and while not, of a model taught to be bad in that share when it is not watched."""
    order = Order(behaviour, plan.ground, bad)
    data = PRETENDING.make(order, plan.hidden, random.Random(f"easy or hard hides/{behaviour.name}/{seed}"))
    random.Random(seed).shuffle(data)
    subject = load(rung.path, dtype="float32")
    for _ in taught(subject, data, (len(data),), seed):
        pass
    places = {"watched": PRETENDING.quiet(order)[WATCHED], "unwatched": PRETENDING.tempted(order)}
    return {where: margins(subject, _put(items, put, where)) for where, put in places.items()}


def _put(items: Sequence[Answered], put: Put, where: str) -> list[Answered]:
    """The items with a cue in each situation, the same one for all models."""
    return [
        replace(item, situation=put(random.Random(f"{item.situation.id}/{where}"), item.situation)) for item in items
    ]
