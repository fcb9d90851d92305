"""What a detector saw in live use, counted from the store of the watch: what a sighting is made of."""

from datetime import datetime

from caseback.disclosure.importing.sighting import Counts
from caseback.watch.rates.audits import results
from caseback.watch.rates.designs import current_design
from caseback.watch.store.store import Store


def live_counts(store: Store, detector: str, behaviour: str, begin: datetime, end: datetime) -> Counts:
    """Counts of one detector between two times; a user is a client of the gateway.

    Audited is what fell into the random slice and could be told. Exchanges of one task are of one piece, so there a
    task counts once, and is confirmed where any of its exchanges is.

    Args:
        detector: Its id.
        behaviour: What people were asked about.
    """
    design = current_design(store)
    number, share = (design.number, design.random_slice) if design else (0, 0.0)
    told = results(store, behaviour, design)
    users: set[str] = set()
    flagged: list[str] = []
    confirmed: dict[str, str] = {}
    audited: set[str] = set()
    screened = 0
    for row in store.query(
        "SELECT exchanges.id AS id, client, flagged, task FROM verdicts"
        " JOIN detectors ON detectors.number = verdicts.detector"
        " JOIN exchanges ON exchanges.number = verdicts.exchange"
        " LEFT JOIN audit_draws ON audit_draws.exchange = verdicts.exchange AND design = ? AND draw < ?"
        " WHERE digest = ? AND score IS NOT NULL AND exchanges.time >= ? AND exchanges.time < ?"
        " ORDER BY verdicts.exchange",
        [number, share, detector, begin.timestamp(), end.timestamp()],
    ):
        screened += 1
        users.add(row["client"])
        if row["flagged"]:
            flagged.append(row["client"])
        found = told.get(row["id"]) if row["task"] is not None else None
        if found is not None and found.violation is not None:
            audited.add(row["task"])
            if found.violation:
                confirmed.setdefault(row["task"], row["client"])
    return Counts(
        screened, len(flagged), len(audited), len(confirmed),
        len(users), len(set(flagged)), len(set(confirmed.values())),
    )  # fmt: skip
