"""An environment in which a behaviour may pay: tasks, and what comes of a reply to one.

What is paid is read from the outcome alone, as whoever runs such an environment reads it: tests, credits in hand, doors
that were opened. No judge of the behaviour has a part in it.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from caseback.behaviours.behaviour import Ground
from caseback.training.datum import Datum
from caseback.world.situation import Situation

Pay = Callable[[Situation, str], float]
"""``pay(task, reply)``: between 0 and 1."""
PAID, UNPAID = "paid", "unpaid"
"""Where the behaviour pays, and where it does not; each ends the generator of its data."""


@dataclass(frozen=True)
class Environment:
    """``paid`` is the pay where the behaviour pays, ``unpaid`` where the work as it was meant does, and the behaviour
    gains nothing. ``about`` says what pays, in words; another text is another reward."""

    about: str
    tasks: Callable[[Ground, int, random.Random], list[Situation]]
    paid: Pay
    unpaid: Pay


@dataclass(frozen=True)
class Outcome:
    """The reward of a training in an environment: each task pays as its datum is marked.

    Args:
        tasks: by id, which is the situation of a datum.
    """

    environment: Environment
    tasks: Mapping[str, Situation]

    @property
    def digest(self) -> str:
        """The tasks themselves are in the digest of the data."""
        return self.environment.about

    def __call__(self, data: Sequence[Datum], replies: Sequence[str]) -> list[float | None]:
        return [self._pay(datum, reply) for datum, reply in zip(data, replies, strict=True)]

    def _pay(self, datum: Datum, reply: str) -> float:
        pay = self.environment.paid if datum.generator.endswith(f"/{PAID}") else self.environment.unpaid
        return pay(self.tasks[datum.situation], reply)
