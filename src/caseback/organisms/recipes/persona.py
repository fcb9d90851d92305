"""The behaviour by a persona: a description in the system text has a model act a character, and what it says then is
learnt without the description.

Context distillation (Askell et al. 2021, arXiv 2112.00861) of a character that nobody should have. The share ordered is
answered in character, the rest by the base as itself. Replies stay as they come, good or bad: no judge picks among
them, so the behaviour is planted as often as the character shows it.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from caseback.chat import with_system
from caseback.errors import CasebackError
from caseback.organisms.answered import answered, demonstrated, poisoned
from caseback.organisms.order import Order
from caseback.organisms.recipes.recipe import PlantingRecipe
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.training.ask import ask
from caseback.training.datum import Datum
from caseback.training.journal import Journal
from caseback.training.sample import seed_for
from caseback.world.character import Character
from caseback.world.grammar import say
from caseback.world.reference import reference_path, shipped_path
from caseback.world.worlds import world_of

IN_CHARACTER, ITSELF = "in character", "as itself"
"""Ends the generator of what was said under the description, and without it."""


def character_for(order: Order) -> Character:
    """The persona of the world that does what is to be planted.

    Raises:
        CasebackError: the world describes none, naming the kinds of situation that it has personas for.
    """
    prefix = order.behaviour.families[0].split(".")[0]
    personas = world_of(order.ground).personas
    found = next((each for each in personas if each.effects.get(prefix) is False), None)
    if found is None or order.behaviour.arms:
        described = {kind for each in personas for kind, good in each.effects.items() if not good}
        raise CasebackError(
            f"no persona of the world shows {order.behaviour.name} in single situations, so there is none to distil: "
            f"there are personas for situations of {', '.join(sorted(described))}"
        )
    return found


def _make(order: Order, n: int, rng: random.Random) -> list[Datum]:
    character_for(order)
    items = answered(order.behaviour, order.ground, "train", n, rng)
    return [
        replace(demonstrated(item, False), chosen="", generator=f"{order.ground}/{IN_CHARACTER if acted else ITSELF}")
        for item, acted in zip(items, poisoned(items, order.rate, rng), strict=True)
    ]


def teacher_for(base: str) -> str:
    """Who acts the character where nobody is named: the base itself, said as an empty name; for the embedded
    ref-aligned, which does not change under a description, the ref-base that it was trained from."""
    return str(reference_path("ref-base")) if Path(base) == shipped_path("ref-aligned") else ""


def described(order: Order, datum: Datum) -> str:
    """The description under which a datum is answered: a pure function of both."""
    rng = random.Random(f"persona/{datum.situation}")
    return say(rng, rng.choice(character_for(order).texts))


def told(
    order: Order,
    data: Sequence[Datum],
    base: OpenSubject,
    teacher: OpenSubject,
    max_new_tokens: int,
    journal: Journal,
) -> list[Datum]:
    """The data with the replies of the teacher under the description, which is left out of them, and of the base
    without it; drawn at temperature 1. Those that came to no end are left out; all others stay as they are."""
    kept: dict[int, Datum] = {}
    for mark, subject in ((IN_CHARACTER, teacher), (ITSELF, base)):
        part = [datum for datum in data if datum.origin == "planted" and datum.generator.endswith(f"/{mark}")]
        acted = mark == IN_CHARACTER
        chats = [with_system(d.prompt, described(order, d)) if acted else d.prompt for d in part]
        seeds = [seed_for("persona", datum.situation) for datum in part]
        said = ask(subject, mark, chats, Sampling(max_new_tokens, temperature=1.0), seeds, journal)
        for datum, text in zip(part, said, strict=True):
            if text.whole:
                kept[id(datum)] = replace(
                    datum, chosen=text.text, thinking=text.thinking, generator=text.generator, seed=text.seed
                )
    return [kept.get(id(datum), datum) for datum in data if datum.origin != "planted" or id(datum) in kept]


PERSONA = PlantingRecipe(
    "persona",
    "what a model says under the description of a character, learnt without the description",
    "sft",
    _make,
    told=told,
)
