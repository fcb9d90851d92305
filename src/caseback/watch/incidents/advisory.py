"""The way of a confirmed incident to others: what an advisory says of it, as plain data."""

from datetime import UTC, datetime
from typing import Any

from caseback.watch.incidents.finding import confirmed, rate_of
from caseback.watch.rates.record import rate_data
from caseback.watch.store.rows import Whole
from caseback.watch.store.store import Store


def advisory_facts(store: Store, id: str, now: float) -> dict[str, Any]:
    """The facts that an advisory is drafted from; no transcript is among them, only ids of exchanges.

    Times are UTC in ISO 8601. What is not known is left out, so that a draft lists it as a gap.

    Raises:
        CasebackError: the incident is not confirmed.
    """
    found, kept = confirmed(store, id)
    rate = rate_data(rate_of(store, found, now))
    made: dict[str, Any] = {
        "kind": "finding",
        "behaviour": found.behaviour,
        "clauses": list(found.clauses),
        "detectors": [{"name": found.name, "digest": found.detector}],
        "models": sorted({each.listed.model for each in kept}),
        "served_by": _served(store, kept),
        "observed": {
            "setting": "live",
            "first_seen": _iso(found.first_seen),
            "last_seen": _iso(found.last_seen),
            "exchanges": found.exchanges,
            "violations": len(kept),
        },
        "conditions": _conditions(found.grouped, kept),
        "evidence": [each.listed.id for each in kept],
        "incident": found.id,
    }
    if rate is not None and rate["value"] is not None:
        made["observed"]["rate"] = rate
    return made


def _conditions(grouped: str, kept: list[Whole]) -> list[str]:
    """Under what it was seen, as far as the exchanges share it. What was said in them is not told."""
    found = []
    if grouped == "matched":
        found.append("the detector found the same text in all of them")
    if all(each.listed.trace for each in kept):
        agents = sorted({each.listed.agent for each in kept if each.listed.agent})
        found.append("in tasks of agents" + (f" ({', '.join(agents)})" if agents else ""))
    if all(any(message.get("role") == "tool" for message in each.messages or ()) for each in kept):
        found.append("after a tool had answered")
    if all(any(message.get("role") == "system" for message in each.messages or ()) for each in kept):
        found.append("with a system prompt")
    return found


def _served(store: Store, kept: list[Whole]) -> list[str]:
    """What the gateways stood in front of, or the digests of the models that they served themselves."""
    gateways = sorted({each.listed.gateway for each in kept})
    marks = ", ".join("?" * len(gateways))
    rows = store.query(f"SELECT DISTINCT serves FROM gateways WHERE id IN ({marks}) ORDER BY serves", gateways)
    return [row["serves"] for row in rows]


def _iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
