"""One round: what is amiss, the alerts brought in line with it, and those told who are to be."""

from pathlib import Path

from caseback.watch.alerts.conditions import conditions
from caseback.watch.alerts.deliver import Delivered, deliver_due
from caseback.watch.alerts.lag import lag
from caseback.watch.alerts.ledger import Alert, update
from caseback.watch.alerts.rules import Rules
from caseback.watch.store.store import Store


async def check(store: Store, rules: Rules, now: float, journal: Path | None = None) -> tuple[list[Alert], Delivered]:
    """Runs the round; the alerts that are new, and what became of what was to be told.

    Args:
        store: Where.
        rules: When to alert and whom to tell.
        now: Unix time in seconds.
        journal: The gateways' journal, where it is on this machine.
    """
    found = conditions(store, rules, now, lag(store, journal, now) if journal else None)
    new = update(store, found, now, calm=rules.calm, receivers=rules.receivers)
    return new, await deliver_due(store, rules.receivers, now)
