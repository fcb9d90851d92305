"""One round: what is amiss, the alerts brought in line with it, and those told who are to be."""

import math
from collections.abc import Sequence
from pathlib import Path

from caseback.watch.alerts.condition import Condition
from caseback.watch.alerts.conditions import conditions
from caseback.watch.alerts.deliver import Delivered, deliver_due
from caseback.watch.alerts.lag import lag
from caseback.watch.alerts.ledger import Alert, update
from caseback.watch.alerts.rules import Rules
from caseback.watch.alerts.step import tried
from caseback.watch.store.store import Store


async def check(
    store: Store, rules: Rules, now: float, journal: Path | None = None, failed: Sequence[Condition] = ()
) -> tuple[list[Alert], Delivered]:
    """Runs the round; the alerts that are new, and what became of what was to be told.

    Args:
        store: Where.
        rules: When to alert and whom to tell.
        now: Unix time in seconds.
        journal: The gateways' journal, where it is on this machine.
        failed: What was amiss in the round before this.
    """
    found = [*failed]
    late = (
        tried("telling how far the writer is behind", lambda: lag(store, journal, now), None, found)
        if journal
        else None
    )
    found += conditions(store, rules, now, late)
    # While something cannot be told nothing is held to be over.
    calm = math.inf if any(each.kind == "round" for each in found) else rules.calm
    new = update(store, found, now, calm=calm, receivers=rules.receivers)
    return new, await deliver_due(store, rules.receivers, now)
