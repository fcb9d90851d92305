"""What a dossier may hold beyond its run: reports from inside, detectors that go with the model, live use.

None of these is made by ``caseback run``. ``caseback card add`` puts the first two into a dossier, watching the third;
what is not there is said to be missing, and is never clean.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from caseback.disclosure.evidence import artefact_path, latest, pick
from caseback.dossier import Record

NOT_WATCHED = "not watched yet: nothing is known of live use"
RATE = ("value", "low", "high", "confidence", "n")


def inside(records: Sequence[Record], path: str) -> list[dict[str, Any]]:
    """Reports of what was looked at inside the model, the newest of each title, with the first of their figures."""
    return [
        {
            **pick(record, "title", "report", "subject", "model", "asks"),
            "figures": [dict(figure) for figure in record.body.get("figures") or ()],
            "total": record.body.get("total"),
            "paths": {name: artefact_path(path, digest) for name, digest in record.artefacts.items()},
        }
        for record in latest(records, "title")
    ]


def monitors(records: Sequence[Record], path: str) -> list[dict[str, Any]]:
    """Detectors shipped with the model, the newest of each name: how well they do, and whether they still work."""
    names = ("name", "behaviour", "kind", "needs", "id", "model", "cost")
    return [
        {
            **pick(record, *names),
            "clauses": list(record.body.get("clauses") or ()),
            "failures": list(record.body.get("failures") or ()),
            "points": [dict(point) for point in record.body.get("points") or ()],
            "self_test": {"n": None, "failed": None, "why": "not run", **(record.body.get("self_test") or {})},
            "stale": {"word": "cannot tell", "why": "not looked at", **(record.body.get("stale") or {})},
            "paths": {name: artefact_path(path, digest) for name, digest in record.artefacts.items()},
        }
        for record in latest(records, "name")
    ]


def live(by_kind: Mapping[str, Sequence[Record]], path: str) -> dict[str, Any]:
    """Rates and incidents of live use. ``watched`` is false where the dossier holds neither."""
    rates = [
        {
            **pick(record, "behaviour", "detector", "setting", "since", "until", "method", "coverage"),
            "rate": _rate(record.body.get("rate")),
        }
        for record in latest(by_kind.get("live_rate", ()), "behaviour", "detector", "setting")
    ]
    incidents = [
        {
            **pick(record, "id", "title", "behaviour", "status", "setting", "count", "first_seen", "last_seen"),
            "clauses": list(record.body.get("clauses") or ()),
            "paths": {name: artefact_path(path, digest) for name, digest in record.artefacts.items()},
        }
        for record in _newest_incidents(by_kind.get("incident", ()))
    ]
    watched = bool(rates or incidents)
    return {"watched": watched, "why": "" if watched else NOT_WATCHED, "rates": rates, "incidents": incidents}


def _newest_incidents(records: Sequence[Record]) -> list[Record]:
    """An incident may be told again as it changes; one without an id stands for itself."""
    return list({record.body.get("id") or record.id: record for record in records}.values())


def _rate(found: object) -> dict[str, Any]:
    told = dict(found) if isinstance(found, Mapping) else {}
    k, n = told.get("k"), told.get("n", told.get("tasks"))
    value = told.get("value", k / n if k is not None and n else None)
    return {**{name: told.get(name) for name in RATE}, "value": value, "n": n, "why": str(told.get("why") or "")}
