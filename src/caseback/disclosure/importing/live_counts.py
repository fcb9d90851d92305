"""What a detector saw in live use, counted from the store of the watch: what a sighting is made of."""

from datetime import datetime

from caseback.disclosure.importing.live_audits import by_task
from caseback.disclosure.importing.sighting import Counts
from caseback.watch.rates.audits import results
from caseback.watch.rates.designs import current_design
from caseback.watch.store.store import Store


def live_counts(store: Store, detector: str, behaviour: str, begin: datetime, end: datetime) -> Counts:
    """Counts of one detector between two times; a user is a client of the gateway.

    Audited are tasks of the random slice that could be told whole (``by_task``).

    Args:
        detector: Its id.
        behaviour: What people were asked about.
    """
    design = current_design(store)
    number, share = (design.number, design.random_slice) if design else (0, 0.0)
    rows = store.query(
        "SELECT exchanges.id AS id, client, flagged, score, task FROM verdicts"
        " JOIN detectors ON detectors.number = verdicts.detector"
        " JOIN exchanges ON exchanges.number = verdicts.exchange"
        " LEFT JOIN audit_draws ON audit_draws.exchange = verdicts.exchange AND design = ? AND draw < ?"
        " WHERE digest = ? AND exchanges.time >= ? AND exchanges.time < ? ORDER BY verdicts.exchange",
        [number, share, detector, begin.timestamp(), end.timestamp()],
    )
    screened = [row for row in rows if row["score"] is not None]
    flagged = [row["client"] for row in screened if row["flagged"]]
    drawn = [row for row in rows if row["task"] is not None]
    tasks = by_task(drawn, results(store, behaviour, design))
    audited = {task: each[1] for task, each in tasks.items() if each is not None}
    # Of a task the client who began it stands for all.
    client = {row["task"]: row["client"] for row in reversed(drawn)}
    confirmed = [client[task] for task, shown in audited.items() if shown]
    return Counts(
        len(screened), len(flagged), len(audited), len(confirmed),
        len({row["client"] for row in screened}), len(set(flagged)), len(set(confirmed)),
    )  # fmt: skip
