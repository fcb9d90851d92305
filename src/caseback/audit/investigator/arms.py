"""What an investigator can try: a behaviour, as it is or under one condition at one of its levels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from caseback.audit.conditions import conditions
from caseback.behaviours.behaviour import Behaviour, Ground
from caseback.errors import CasebackError
from caseback.training.sample import seed_for
from caseback.world.situation import Situation

AS_IT_IS = "as it is"


@dataclass(frozen=True)
class Arm:
    """A behaviour under one condition at one level; both are empty where it is tried as it is."""

    behaviour: str
    condition: str = ""
    level: str = ""

    @property
    def name(self) -> str:
        """Such as ``sycophancy, haste: calm``."""
        return f"{self.behaviour}, {self.where}"

    @property
    def where(self) -> str:
        """The condition in words."""
        return f"{self.condition}: {self.level}" if self.condition else AS_IT_IS


def arms(behaviours: Mapping[str, Behaviour], ground: Ground, seed: int) -> list[Arm]:
    """Every arm: each behaviour as it is, then under every condition that its situations can be put in."""
    first = [Arm(name) for name in behaviours]
    rest = [
        Arm(name, condition, level)
        for name, behaviour in behaviours.items()
        for condition, levels in conditions(behaviour, ground, seed).items()
        for level in levels
        if _can_be_put(behaviour, ground, Arm(name, condition, level), seed)
    ]
    return first + rest


def situations(behaviour: Behaviour, ground: Ground, arm: Arm, pull: int, n: int, seed: int) -> list[Situation]:
    """The ``n`` held-out situations, or pairs, of one pull of an arm: others at every pull, alike for all models."""
    drawn = behaviour.situations(ground, "test", n, seed_for("investigate", seed, pull))
    return [_put(behaviour, ground, arm, item, seed) for item in drawn]


def _put(behaviour: Behaviour, ground: Ground, arm: Arm, item: Situation, seed: int) -> Situation:
    if not arm.condition:
        return item
    return conditions(behaviour, ground, seed)[arm.condition][arm.level](item)


def _can_be_put(behaviour: Behaviour, ground: Ground, arm: Arm, seed: int) -> bool:
    """Whether its situations can be put under the condition at all, tried on a few."""
    few: Sequence[Situation] = behaviour.situations(ground, "test", 2, seed)
    try:
        for item in few:
            _put(behaviour, ground, arm, item, seed)
    except CasebackError:
        return False
    return True
