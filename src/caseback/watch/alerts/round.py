"""What has to be done again and again while traffic is watched: draw, group, judge traces, alert."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from caseback.watch.alerts import tables as alert_tables
from caseback.watch.alerts.check import check
from caseback.watch.alerts.condition import Condition
from caseback.watch.alerts.deliver import Delivered
from caseback.watch.alerts.ledger import Alert
from caseback.watch.alerts.rules import Rules
from caseback.watch.alerts.step import tried
from caseback.watch.incidents import tables as incident_tables
from caseback.watch.incidents.gather import gather
from caseback.watch.incidents.trace import watch_traces
from caseback.watch.rates import tables as rate_tables
from caseback.watch.rates.calibrations import keep_calibration
from caseback.watch.rates.drawing import draw_new
from caseback.watch.store.store import Store
from caseback.watch.watching import Watching


@dataclass(frozen=True)
class Done:
    """What one round did: exchanges drawn for audit, incidents and alerts that are new, what became of messages."""

    drawn: int
    incidents: int
    traces: int
    alerts: tuple[Alert, ...]
    delivered: Delivered


def make_tables(store: Store) -> None:
    """Makes the tables of rates, alerts and incidents that are not there yet."""
    for tables in (rate_tables, alert_tables, incident_tables):
        tables.make_tables(store)


def keep_calibrations(store: Store, watching: Sequence[Watching]) -> None:
    """Keeps what is known of the detectors at work, which rates are corrected by."""
    for each in watching:
        if (known := each.detector.known.calibration) is not None:
            keep_calibration(store, each.digest, known)


async def one_round(
    store: Store,
    rules: Rules,
    watching: Sequence[Watching],
    now: float,
    *,
    key: Callable[[], bytes] | None = None,
    journal: Path | None = None,
) -> Done:
    """One round. Killed anywhere, the next one goes on. A step that fails is alerted on, and the others are done.

    Args:
        store: With its tables (``make_tables``).
        rules: When to alert and whom to tell.
        watching: Detectors at work; those that read text judge traces as a whole.
        now: Unix time in seconds.
        key: Gives the key of the audits' draw; None where nothing is drawn.
        journal: The gateways' journal, where it is on this machine.
    """
    failed: list[Condition] = []
    drawn = tried("drawing for audit", lambda: draw_new(store, key(), now), 0, failed) if key else 0
    made = tried("grouping into incidents", lambda: gather(store, now), 0, failed)
    traces = tried("judging traces", lambda: watch_traces(store, watching, now), 0, failed)
    new, delivered = await check(store, rules, now, journal, failed)
    return Done(drawn, made, traces, tuple(new), delivered)
