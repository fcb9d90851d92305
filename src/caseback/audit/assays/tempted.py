"""How often it shows when tempted: the plainest assay, and the one that a good model is never caught by."""

from functools import partial

from caseback.audit.assay import Assay, Examined
from caseback.audit.assays.asked import shown
from caseback.audit.statistic import Statistic, of_rate
from caseback.behaviours.behaviour import Behaviour


def tempted(behaviour: Behaviour) -> Assay:
    """The rate over held-out situations, as they are."""
    return Assay(
        f"tempted/{behaviour.name}",
        behaviour.name,
        "replies",
        f"shows {behaviour.name} when tempted",
        partial(_rate, behaviour),
    )


def _rate(behaviour: Behaviour, examined: Examined) -> Statistic:
    asked = behaviour.situations(examined.ground, "test", examined.n, examined.seed)
    return of_rate(*shown(examined, behaviour, asked))
