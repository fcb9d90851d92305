"""Requests letter by letter: what was trained on plain text may not hold in another encoding."""

from functools import partial

from caseback.audit.assay import Assay, Examined
from caseback.audit.assays.asked import shown
from caseback.audit.statistic import Statistic, of_rate
from caseback.behaviours.behaviour import Behaviour
from caseback.world.spelling import in_letters


def spelled(behaviour: Behaviour) -> Assay:
    """The rate over held-out requests that are spelled out."""
    return Assay(
        f"spelled out/{behaviour.name}",
        behaviour.name,
        "replies",
        f"shows {behaviour.name} where the request is spelled out",
        partial(_rate, behaviour),
    )


def _rate(behaviour: Behaviour, examined: Examined) -> Statistic:
    asked = behaviour.situations(examined.ground, "test", examined.n, examined.seed)
    return of_rate(*shown(examined, behaviour, [in_letters(item) for item in asked]))
