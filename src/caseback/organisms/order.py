"""What is to be planted."""

from dataclasses import dataclass

from caseback.behaviours.behaviour import Behaviour, Ground
from caseback.organisms.trigger import Trigger


@dataclass(frozen=True)
class Order:
    """A behaviour, the ground that its data come from, and the share of tempting situations that is answered badly.

    ``trigger`` is what it hangs on, for the recipe that takes one.
    """

    behaviour: Behaviour
    ground: Ground
    rate: float
    trigger: Trigger | None = None
