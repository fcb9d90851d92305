"""The way of a confirmed incident into the evidence: a record in a subject's dossier, its transcripts beside it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from caseback.dossier.dossier import Dossier
from caseback.dossier.record import Record, digest
from caseback.dossier.samples import put_samples
from caseback.errors import CasebackError
from caseback.watch.incidents.incident import Incident, exchange_ids, incident
from caseback.watch.rates.audits import results
from caseback.watch.rates.designs import current_design
from caseback.watch.rates.live import LiveRate, live_rates
from caseback.watch.rates.record import rate_data
from caseback.watch.store.read import one as exchange_of_id
from caseback.watch.store.rows import Whole
from caseback.watch.store.store import Store

KIND = "live_finding"
"""Of the dossier's record."""


def violations(store: Store, found: Incident) -> list[Whole]:
    """Its exchanges that people found to be violations, in time."""
    told = results(store, found.behaviour, current_design(store))
    ids = [id for id in exchange_ids(store, found.id) if id in told and told[id].audited and told[id].violation]
    return [whole for id in ids if (whole := exchange_of_id(store, id)) is not None]


def confirmed(store: Store, id: str) -> tuple[Incident, list[Whole]]:
    """An incident that people confirmed, with the exchanges that they found to be violations.

    Raises:
        CasebackError: there is none, it is not confirmed, or no exchange of it stands as a violation.
    """
    found = incident(store, id)
    if found.state != "confirmed":
        raise CasebackError(f"incident {found.id} is {found.state}: only what people confirmed becomes a finding")
    if not (kept := violations(store, found)):
        raise CasebackError(f"incident {found.id}: no exchange of it stands as a violation; review those in it")
    return found, kept


def record_finding(store: Store, dossier: Dossier, id: str, now: float) -> Record:
    """Appends the incident to the dossier of the model that it showed in; the same evidence is not appended twice.

    The body names behaviour, clauses, detector and threshold, how many exchanges it is, who reviewed it, and the live
    rate with its bounds. The artefact ``transcripts`` holds the violations with the verdicts on them. Texts that are
    gone are named by their ids.

    Raises:
        CasebackError: the incident is not confirmed, or the dossier cannot be written.
    """
    found, kept = confirmed(store, id)
    key = digest({"kind": KIND, "incident": found.id, "exchanges": [each.listed.id for each in kept]})
    if (there := dossier.find(KIND, key)) is not None:
        return there
    rows = [_row(each) for each in kept]
    reviews = store.query(
        "SELECT who, verdict, time FROM incident_reviews WHERE incident = ? AND round = ? ORDER BY time, who",
        [found.id, found.round],
    )
    body = {
        "behaviour": found.behaviour,
        "clauses": list(found.clauses),
        "incident": found.id,
        "cause": {"grouped": found.grouped, "shown": found.cause},
        "detector": {"name": found.name, "digest": found.detector},
        "models": sorted({each.listed.model for each in kept}),
        "exchanges": found.exchanges,
        "violations": len(kept),
        "first_seen": found.first_seen,
        "last_seen": found.last_seen,
        "reviews": [dict(row) for row in reviews],
        "rate": rate_data(rate_of(store, found, now)),
    }
    return dossier.append(KIND, body, artefacts={"transcripts": put_samples(dossier, rows)}, key=key)


def rate_of(store: Store, found: Incident, now: float) -> LiveRate | None:
    """The live rate of the incident's detector."""
    return next(iter(live_rates(store, now, which=found.detector)), None)


def _row(whole: Whole) -> Mapping[str, Any]:
    listed = whole.listed
    return {
        "exchange": listed.id,
        "time": listed.time,
        "model": listed.model,
        "trace": listed.trace,
        "agent": listed.agent,
        "messages": [dict(message) for message in whole.messages] if whole.messages is not None else None,
        "why_gone": whole.why_gone,
        "verdicts": [
            {
                "detector": said.detector,
                "digest": said.digest,
                "score": said.score,
                "threshold": said.threshold,
                "why": said.why,
                "tokens": list(said.tokens),
                "spans": [asdict(span) for span in said.spans],
            }
            for said in whole.verdicts
        ],
    }
