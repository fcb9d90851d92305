"""What a round may measure, and make its changes with, beside what the run itself measured."""

from collections.abc import Mapping

from caseback.behaviours.behaviour import Behaviour
from caseback.loop.improve.families import catalogue, could_be_measured, with_unseen_families
from caseback.loop.improve.missing_clause import Reason
from caseback.loop.improve.proposals import Means
from caseback.loop.improve.start import Start

Behaviours = Mapping[str, Behaviour]


def beside(start: Start, measured: Behaviours) -> tuple[dict[str, Behaviour], dict[str, Behaviour]]:
    """By name the behaviours that could be measured beside those, and all that are known."""
    unused = could_be_measured(start.ground, measured, {live.behaviour for live in start.incidents.values()})
    return unused, {**unused, **catalogue()}


def means(
    start: Start,
    measured: Behaviours,
    unused: Behaviours,
    known: Behaviours,
    tried: Mapping[tuple[str, str], int],
    reason: Reason,
) -> Means:
    """Those of a round that measures ``measured``: of what was unused at first, what is unused still."""
    left = {name: behaviour for name, behaviour in unused.items() if name not in measured}
    return Means(start.budget.trained, tried, left, with_unseen_families(start.ground, measured), known, reason)
