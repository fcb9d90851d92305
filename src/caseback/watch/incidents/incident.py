"""An incident, as it is shown."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from caseback.detectors.scored import Span
from caseback.errors import CasebackError
from caseback.watch.incidents.cause import cause_of
from caseback.watch.store.read import one as exchange_of_id
from caseback.watch.store.rows import Whole
from caseback.watch.store.store import Row, Store

State = Literal["open", "under review", "confirmed", "false alarm", "duplicate"]
STATES: tuple[State, ...] = ("open", "under review", "confirmed", "false alarm", "duplicate")


@dataclass(frozen=True)
class Incident:
    """Flagged exchanges of one cause. Times are Unix times in seconds.

    Attributes:
        id: Of the incident.
        detector: Digest of the detector that flagged them; ``name`` is what it is called.
        behaviour: What it looks for.
        clauses: Ids of those that the behaviour breaks.
        grouped: By what they belong together (``cause.Grouped``).
        cause: What they have in common, for people; made anew from a text while there is one.
        opened: When the incident was.
        first_seen: When its first exchange came, and the last (``last_seen``).
        exchanges: How many they are.
        state: Where it stands.
        taken_by: Who looks at it.
        duplicate_of: Id of the incident that it is the same as.
        decided: When people had decided on it.
        round: How often it was opened: again where much more came after it was decided.
    """

    id: str
    detector: str
    name: str
    behaviour: str
    clauses: tuple[str, ...]
    grouped: str
    cause: str
    opened: float
    first_seen: float
    last_seen: float
    exchanges: int
    state: State
    taken_by: str
    duplicate_of: str
    decided: float | None
    round: int


@dataclass(frozen=True)
class Seen:
    """An incident with its exchanges: text, verdicts of all detectors with token scores and spans. ``more`` counts the
    exchanges that are left out; ``trace_verdicts`` is what was said of its trace as a whole."""

    incident: Incident
    exchanges: tuple[Whole, ...]
    more: int
    reviews: tuple[Mapping[str, Any], ...]
    trace_verdicts: tuple[Mapping[str, Any], ...]


def incidents(store: Store, state: State | None = None, most: int = 200) -> list[Incident]:
    """Incidents, those of which an exchange came last first."""
    where, values = (" WHERE state = ?", [state]) if state else ("", [])
    rows = store.query(f"SELECT * FROM incidents{where} ORDER BY last_seen DESC, id LIMIT ?", [*values, most])
    return [_incident(store, row) for row in rows]


def incident(store: Store, id: str) -> Incident:
    """The incident of this id, or the only one whose id begins so.

    Raises:
        CasebackError: there is none, or there are several.
    """
    rows = store.query("SELECT * FROM incidents WHERE substr(id, 1, ?) = ? LIMIT 2", [len(id), id]) if id else []
    if len(rows) != 1:
        raise CasebackError(f"{'several incidents have' if rows else 'no incident has'} the id {id!r:.60}; list them")
    return _incident(store, rows[0])


def shown(store: Store, id: str, most: int = 20) -> Seen:
    """An incident with its first exchanges and all that is known of them."""
    found = incident(store, id)
    ids = exchange_ids(store, found.id)
    kept = [whole for each in ids[:most] if (whole := exchange_of_id(store, each)) is not None]
    traces = sorted({each.listed.trace for each in kept if each.listed.trace})
    marks = ", ".join("?" * len(traces))
    of_traces = store.query(f"SELECT * FROM trace_verdicts WHERE trace IN ({marks})", traces) if traces else []
    reviews = store.query("SELECT * FROM incident_reviews WHERE incident = ? ORDER BY time, who", [found.id])
    return Seen(found, tuple(kept), len(ids) - len(kept), tuple(reviews), tuple(of_traces))


def exchange_ids(store: Store, id: str) -> list[str]:
    """Ids of all its exchanges, in time."""
    rows = store.query("SELECT exchange FROM incident_exchanges WHERE incident = ? ORDER BY time, exchange", [id])
    return [row["exchange"] for row in rows]


def _incident(store: Store, row: Row) -> Incident:
    kept = {name: value for name, value in row.items() if name != "decided_at"}
    return Incident(**{**kept, "clauses": tuple(json.loads(row["clauses"])), "cause": _cause(store, row)})


def _cause(store: Store, row: Row) -> str:
    """What its exchanges have in common, from the first of them whose text is there."""
    found = store.query(
        "SELECT trace, texts.messages AS messages, spans FROM incident_exchanges"
        " JOIN exchanges ON exchanges.id = incident_exchanges.exchange"
        " LEFT JOIN texts ON texts.exchange = exchanges.number"
        " LEFT JOIN token_scores ON token_scores.exchange = exchanges.number AND token_scores.detector ="
        " (SELECT number FROM detectors WHERE digest = ?)"
        " WHERE incident = ?"
        " ORDER BY texts.messages IS NULL, incident_exchanges.time, incident_exchanges.exchange LIMIT 1",
        [row["detector"], row["id"]],
    )
    if not found:
        return ""
    [first] = found
    messages = json.loads(first["messages"]) if first["messages"] else None
    spans = [Span(**each) for each in json.loads(first["spans"])] if first["spans"] else []
    return cause_of(first["trace"] if row["grouped"] == "trace" else "", messages, spans).shown
