"""The turn in which a behaviour shows or does not."""

import random

from caseback.behaviours.behaviour import Behaviour, Scripts
from caseback.chat import Message
from caseback.world.situation import Situation


def moment(behaviour: Behaviour, situation: Situation) -> tuple[Message, ...]:
    """The chat before that turn: the situation's own, and where it is acted out, what both ways have in common."""
    if behaviour.acted is None:
        return situation.messages
    scripts = behaviour.acted.scripts(random.Random(situation.id), situation)
    return (*situation.messages, *scripts.good[: parting(scripts)])


def parting(scripts: Scripts) -> int:
    """The place at which the two ways part.

    Raises:
        StopIteration: they never do.
    """
    return next(i for i, (a, b) in enumerate(zip(scripts.good, scripts.bad, strict=False)) if a != b)
