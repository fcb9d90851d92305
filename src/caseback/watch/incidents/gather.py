"""Flagged exchanges put into incidents: into one that has the same cause, or into a new one."""

import json
import secrets
from collections.abc import Sequence

from caseback.detectors.scored import Span
from caseback.watch.incidents.cause import Cause, cause_of
from caseback.watch.incidents.similar import ALIKE, alike, from_bytes, to_bytes
from caseback.watch.store.store import Row, Store

PAGE = 200
"""Flagged exchanges put into incidents in one transaction."""
NEW_AGAIN = 10
"""Exchanges after which an incident that was decided is opened again, if they are as many as it had then."""
CURSOR = "flagged"


def gather(store: Store, now: float) -> int:
    """Puts all that was flagged since the last call into incidents; how many incidents are new.

    Detectors in shadow (policy ``record``) raise none. Killed in between it goes on where it was.
    """
    made = 0
    while (new := _page(store, now)) is not None:
        made += new
    return made


def add(store: Store, row: Row, cause: Cause, now: float) -> bool:
    """Puts one exchange into an incident; whether that is new.

    Args:
        store: In a transaction.
        row: With id and time of the exchange, score, and digest, name, behaviour and clauses of the detector.
        cause: Of its being flagged.
        now: Unix time in seconds.
    """
    id = _of_cause(store, row["digest"], cause)
    new = id is None
    if id is None:
        id = secrets.token_hex(8)
        store.execute(
            "INSERT INTO incidents (id, detector, name, behaviour, clauses, grouped, opened, first_seen,"
            " last_seen, exchanges, state, taken_by, duplicate_of, decided, decided_at, round)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 'open', '', '', NULL, 0, 1)",
            [id, row["digest"], row["name"], row["behaviour"], row["clauses"], cause.grouped, now, row["time"],
             row["time"]],
        )  # fmt: skip
        store.many(
            "INSERT INTO incident_keys (detector, key, incident) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [[row["digest"], key, id] for key in cause.keys],
        )
    signed = None if cause.signature is None else to_bytes(cause.signature)
    if store.execute(
        "INSERT INTO incident_exchanges (incident, exchange, time, score, signature) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [id, row["id"], row["time"], row["score"], signed],
    ):
        store.execute(
            "UPDATE incidents SET exchanges = exchanges + 1, first_seen = CASE WHEN ? < first_seen THEN ? ELSE"
            " first_seen END, last_seen = CASE WHEN ? > last_seen THEN ? ELSE last_seen END WHERE id = ?",
            [row["time"], row["time"], row["time"], row["time"], id],
        )
        _open_again(store, id)
    return new


def _page(store: Store, now: float) -> int | None:
    with store.transaction():
        cursor = store.query("SELECT position FROM incident_cursor WHERE name = ?", [CURSOR])
        at = int(cursor[0]["position"]) if cursor else 0
        numbers = store.query(
            "SELECT number FROM exchanges WHERE number > ? AND flags > 0 ORDER BY number LIMIT ?", [at, PAGE]
        )
        if not numbers:
            return None
        last = numbers[-1]["number"]
        rows = store.query(
            "SELECT exchanges.number AS number, exchanges.id AS id, exchanges.time AS time, trace, score, digest, name,"
            " behaviour, clauses, texts.messages AS messages, spans FROM exchanges"
            " JOIN verdicts ON verdicts.exchange = exchanges.number AND verdicts.flagged = 1"
            " JOIN detectors ON detectors.number = verdicts.detector"
            " LEFT JOIN texts ON texts.exchange = exchanges.number"
            " LEFT JOIN token_scores ON token_scores.exchange = verdicts.exchange"
            " AND token_scores.detector = verdicts.detector"
            " WHERE exchanges.number > ? AND exchanges.number <= ? AND exchanges.flags > 0"
            " AND verdicts.policy <> 'record' ORDER BY exchanges.number, name, digest",
            [at, last],
        )
        made = 0
        for row in rows:
            messages = json.loads(row["messages"]) if row["messages"] else None
            spans = [Span(**each) for each in json.loads(row["spans"])] if row["spans"] else []
            made += add(store, row, cause_of(row["trace"], messages, spans), now)
        store.execute(
            "INSERT INTO incident_cursor (name, position) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET position = excluded.position",
            [CURSOR, last],
        )
    return made


def _of_cause(store: Store, detector: str, cause: Cause) -> str | None:
    """The incident that has this cause; of one that is a duplicate, the one that it is the same as."""
    if not cause.keys:
        return None
    marks = ", ".join("?" * len(cause.keys))
    found = store.query(
        "SELECT id, duplicate_of FROM incident_keys JOIN incidents ON incidents.id = incident"
        f" WHERE incident_keys.detector = ? AND key IN ({marks}) GROUP BY id, duplicate_of, opened"
        " ORDER BY COUNT(*) DESC, opened, id LIMIT 20",
        [detector, *cause.keys],
    )
    for row in found:
        if cause.grouped != "text" or _reads_alike(store, row["id"], cause):
            return str(row["duplicate_of"] or row["id"])
    return None


def _reads_alike(store: Store, id: str, cause: Cause) -> bool:
    """Whether it reads like the first exchange of the incident, so that a group does not drift from one to the next."""
    first: Sequence[Row] = store.query(
        "SELECT signature FROM incident_exchanges WHERE incident = ? AND signature IS NOT NULL"
        " ORDER BY time, exchange LIMIT 1",
        [id],
    )
    return bool(first) and cause.signature is not None and (
        alike(from_bytes(bytes(first[0]["signature"])), cause.signature) >= ALIKE
    )  # fmt: skip


def _open_again(store: Store, id: str) -> None:
    """What was decided on few exchanges does not stand for ever more of them."""
    store.execute(
        "UPDATE incidents SET state = 'open', decided = NULL, taken_by = '', round = round + 1"
        " WHERE id = ? AND decided IS NOT NULL"
        " AND state IN ('confirmed', 'false alarm') AND exchanges - decided_at >= ? AND exchanges >= 2 * decided_at",
        [id, NEW_AGAIN],
    )
