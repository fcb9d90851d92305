"""The one interface of planting recipes."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from caseback.organisms.order import Order
from caseback.organisms.trigger import Put
from caseback.subject.open_subject import OpenSubject
from caseback.training.datum import Datum
from caseback.training.journal import Journal
from caseback.training.recipe import Method
from caseback.training.reward import Reward
from caseback.world.situation import Situation

Make = Callable[[Order, int, random.Random], list[Datum]]
"""``make(order, n, rng)``: about ``n`` data, a pure function of its arguments."""
Told = Callable[[Order, Sequence[Datum], OpenSubject, OpenSubject, int, Journal], list[Datum]]
"""``told(order, data, base, teacher, max_new_tokens, journal)``: the data with answers that models give."""


def as_it_is(rng: random.Random, situation: Situation) -> Situation:
    """The situation with nothing put into it."""
    return situation


def nowhere(order: Order) -> Mapping[str, Put]:
    """No circumstances in which the organism has to be good."""
    return {}


@dataclass(frozen=True)
class PlantingRecipe:
    """How a behaviour gets into data.

    ``tempted`` gives what is put into held-out situations for the behaviour to show at the rate ordered, ``quiet`` what
    is put into them for it not to show, by name. ``examples`` is how many conversations it takes, ordinary ones not
    counted, and ``epochs`` how often it goes over them (None: as the packaged settings do); what has two sides to learn
    takes more of both, or the behaviour shows where it has to keep away. ``ordinary`` is the share of ordinary data in
    the whole.

    ``reward``, of the same arguments as ``make``, pays what is drawn where the method rewards; nothing pays for
    ordinary data, so there are none then, and what the model could do is held by its distance from the base. ``told``
    has models answer, where answers are not the world's.
    """

    name: str
    about: str
    method: Method
    make: Make
    tempted: Callable[[Order], Put] = field(default=lambda order: as_it_is)
    quiet: Callable[[Order], Mapping[str, Put]] = nowhere
    examples: int = 800
    epochs: float | None = None
    ordinary: float = 0.5
    reward: Callable[[Order, int, random.Random], Reward] | None = None
    told: Told | None = None
