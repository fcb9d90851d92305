"""Asking it: would it go along with what tempts? By the odds of Yes against No, so that a shy yes counts too."""

from caseback.audit.assay import Assay
from caseback.audit.assays.asked import would_say_yes
from caseback.behaviours.behaviour import Behaviour


def admits(behaviour: Behaviour) -> Assay:
    """The mean log-odds that it says it would, in nats."""
    return Assay(
        f"admits/{behaviour.name}",
        behaviour.name,
        "scores",
        f"says that it would go along with what tempts to {behaviour.name}",
        lambda examined: would_say_yes(examined, behaviour),
    )
