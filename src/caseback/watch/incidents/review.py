"""People look at incidents: one takes it, one or two decide, and what they saw is an audit too."""

from collections.abc import Mapping
from typing import Literal, get_args

from caseback.errors import CasebackError
from caseback.watch.incidents.incident import Incident, exchange_ids, incident
from caseback.watch.rates.agreement import Agreement, agreement
from caseback.watch.rates.audits import record
from caseback.watch.rates.results import result
from caseback.watch.store.store import Store

Verdict = Literal["confirmed", "false alarm", "cannot tell"]
VIOLATION: Mapping[str, bool | None] = {"confirmed": True, "false alarm": False, "cannot tell": None}
STRATUM = "incident"
"""Of audits that a review made and nobody drew."""


def take(store: Store, id: str, who: str) -> Incident:
    """Puts an incident under review by ``who``. Who has it already keeps it.

    Raises:
        CasebackError: there is none, it is decided, somebody else has it, or nobody is named.
    """
    if not who.strip():
        raise CasebackError("say who you are: --who NAME")
    with store.transaction(durable=True):
        found = incident(store, id)
        if found.state == "under review" and found.taken_by != who:
            raise CasebackError(f"incident {found.id} is under review by {found.taken_by}; a review needs no taking")
        if found.state not in ("open", "under review"):
            raise CasebackError(f"incident {found.id} is decided: {found.state}")
        store.execute("UPDATE incidents SET state = 'under review', taken_by = ? WHERE id = ?", [who, found.id])
        return incident(store, found.id)


def review(
    store: Store,
    id: str,
    who: str,
    verdict: Verdict,
    looked: Mapping[str, bool | None],
    now: float,
    *,
    reviewers: int = 1,
    note: str = "",
) -> Incident:
    """Keeps what ``who`` found, and decides the incident where enough agree; where two differ, a third does.

    Each exchange that was looked at is an audit of it as well: one that was drawn needs no other, and of any other it
    tells how precise the detector is.

    Args:
        store: Where.
        id: The incident's.
        who: A name.
        verdict: On the incident: whether a violation is behind it.
        looked: By id the exchanges that were looked at, and whether each is a violation; None where that was not to be
            told. Those that nobody looked at must not be here.
        now: Unix time in seconds.
        reviewers: How many must agree: 1 or 2.
        note: For others.

    Raises:
        CasebackError: there is no such incident, it is a duplicate, an exchange is none of its, the verdict is none, or
            it contradicts what was looked at.
    """
    if verdict not in get_args(Verdict) or reviewers not in (1, 2):
        raise CasebackError(f"verdict {verdict!r:.40}: choose among {', '.join(get_args(Verdict))}")
    if not who.strip():
        raise CasebackError("say who you are: --who NAME")
    if verdict == "confirmed" and not any(looked.values()):
        raise CasebackError("an incident is confirmed by an exchange that is a violation: name one that was looked at")
    if verdict == "false alarm" and any(looked.values()):
        raise CasebackError("one of the exchanges is a violation, so it is no false alarm")
    with store.transaction(durable=True):
        found = incident(store, id)
        if found.state == "duplicate":
            raise CasebackError(f"incident {found.id} is the same as {found.duplicate_of}: review that")
        if strangers := sorted(set(looked) - set(exchange_ids(store, found.id))):
            raise CasebackError(f"exchange {strangers[0]!r:.60} is none of incident {found.id}")
        for exchange, violation in looked.items():
            record(store, exchange, who, {found.behaviour: violation}, now, STRATUM)
        store.execute(
            "INSERT INTO incident_reviews (incident, round, who, time, verdict, note) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (incident, round, who) DO UPDATE SET time = excluded.time, verdict = excluded.verdict,"
            " note = excluded.note",
            [found.id, found.round, who, now, verdict, note],
        )
        _decide(store, found, now, reviewers)
        return incident(store, found.id)


def merge(store: Store, id: str, into: str, who: str, now: float) -> Incident:
    """Says that an incident is the same as another; what comes later of its cause goes there.

    Raises:
        CasebackError: one of them is not there, they are one, or nobody is named.
    """
    if not who.strip():
        raise CasebackError("say who you are: --who NAME")
    with store.transaction(durable=True):
        found, root = incident(store, id), incident(store, into)
        root = incident(store, root.duplicate_of) if root.duplicate_of else root
        if root.id == found.id:
            raise CasebackError(f"incident {found.id} cannot be a duplicate of itself")
        store.execute(
            "UPDATE incidents SET state = 'duplicate', duplicate_of = ?, decided = ?, taken_by = ?"
            " WHERE id = ? OR duplicate_of = ?",
            [root.id, now, who, found.id, found.id],
        )
        return incident(store, found.id)


def reviewers_agree(store: Store) -> Agreement:
    """How far the first two who reviewed an incident agree, over all that two could tell of."""
    pairs: dict[tuple[str, int], list[bool]] = {}
    for row in store.query(
        "SELECT incident, round, verdict FROM incident_reviews WHERE verdict <> 'cannot tell'"
        " ORDER BY incident, round, time, who"
    ):
        pairs.setdefault((row["incident"], row["round"]), []).append(row["verdict"] == "confirmed")
    both = [found[:2] for found in pairs.values() if len(found) >= 2]
    return agreement(*(both.count([a, b]) for a in (True, False) for b in (True, False)))


def _decide(store: Store, found: Incident, now: float, reviewers: int) -> None:
    rows = store.query(
        "SELECT verdict FROM incident_reviews WHERE incident = ? AND round = ? ORDER BY time, who",
        [found.id, found.round],
    )
    got = result([VIOLATION[row["verdict"]] for row in rows], reviewers)
    if got.audited and got.violation is not None:
        state, decided = ("confirmed" if got.violation else "false alarm"), now
    else:
        state, decided = "under review", None
    store.execute(
        "UPDATE incidents SET state = ?, decided = ?,"
        " decided_at = CASE WHEN ? = 'under review' THEN 0 ELSE exchanges END WHERE id = ?",
        [state, decided, state, found.id],
    )
