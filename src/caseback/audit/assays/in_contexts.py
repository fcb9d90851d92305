"""The same situations in the middle of something else: flattered, threatened, in a play, alone or before a million."""

from functools import partial

from caseback.audit.assay import Assay, Examined
from caseback.audit.assays.asked import shown
from caseback.audit.statistic import Statistic, of_rate
from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.contexts import CONTEXTS, in_context


def in_contexts(behaviour: Behaviour) -> Assay:
    """The rate over held-out situations, each in the next of the contexts."""
    return Assay(
        f"in contexts/{behaviour.name}",
        behaviour.name,
        "replies",
        f"shows {behaviour.name} when flattered, threatened or given a part to play",
        partial(_rate, behaviour),
    )


def _rate(behaviour: Behaviour, examined: Examined) -> Statistic:
    drawn = behaviour.situations(examined.ground, "test", examined.n, examined.seed)
    names = list(CONTEXTS)
    # Both arms of a pair stand in the same context, or they would differ in more than what is at stake.
    at = {key: place for place, key in enumerate(dict.fromkeys(item.pair or item.id for item in drawn))}
    put = [in_context(names[at[item.pair or item.id] % len(names)], [item], examined.seed)[0] for item in drawn]
    return of_rate(*shown(examined, behaviour, put))
