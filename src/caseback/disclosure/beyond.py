"""What a dossier may hold beyond its run: reports from inside, detectors that go with the model, live use.

None of these is made by ``caseback run``. ``caseback card add`` puts the first two into a dossier, watching the third;
what is not there is said to be missing, and is never clean.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from caseback.disclosure.evidence import artefact_path, latest, pick
from caseback.dossier import Record

NOT_WATCHED = "not watched yet: nothing is known of live use"
RATE = ("value", "low", "high", "confidence", "method", "low_of_all", "high_of_all", "coverage")


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
    """Rates and incidents of live use. ``watched`` is false where the dossier holds neither.

    Watching appends a ``live_finding`` for each incident that people confirmed, with the rate of its detector, and on
    its own each detector's rate as a ``live_rate``, whether anything was confirmed or not.
    """
    findings = list(
        {record.body.get("incident") or record.id: record for record in by_kind.get("live_finding", ())}.values()
    )
    told = [*by_kind.get("live_rate", ()), *(record for record in findings if record.body.get("rate"))]
    told.sort(key=lambda record: record.number)  # the newest of each version of a detector is shown
    rates = [
        {
            **pick(record, "behaviour"),
            "detector": _name(record.body.get("detector")),
            "id": _digest(record.body.get("detector")),
            "since": _time(record.body.get("since", record.body.get("first_seen"))),
            "until": _time(record.body.get("until", record.body.get("last_seen"))),
            "rate": _rate(record.body.get("rate")),
        }
        for record in {_instrument(r): r for r in told}.values()
    ]
    incidents = [
        {
            **pick(record, "behaviour", "exchanges", "violations"),
            "id": record.body.get("incident"),
            "title": (record.body.get("cause") or {}).get("shown"),
            "detector": _name(record.body.get("detector")),
            "clauses": list(record.body.get("clauses") or ()),
            "reviewers": len({str(each.get("who")) for each in record.body.get("reviews") or ()}),
            "first_seen": _time(record.body.get("first_seen")),
            "last_seen": _time(record.body.get("last_seen")),
            "paths": {name: artefact_path(path, digest) for name, digest in record.artefacts.items()},
        }
        for record in findings
    ]
    watched = bool(rates or incidents)
    return {"watched": watched, "why": "" if watched else NOT_WATCHED, "rates": rates, "incidents": incidents}


def _instrument(record: Record) -> tuple[object, ...]:
    detector = record.body.get("detector")
    return record.body.get("behaviour"), _name(detector), _digest(detector)


def _name(detector: object) -> str | None:
    """Of a detector, which a finding names with its digest."""
    told = detector.get("name") if isinstance(detector, Mapping) else detector
    return None if told is None else str(told)


def _digest(detector: object) -> str | None:
    told = detector.get("digest") if isinstance(detector, Mapping) else None
    return None if told is None else str(told)


def _time(told: object) -> str | None:
    """UTC in ISO 8601; watching counts seconds since 1970."""
    if isinstance(told, int | float) and not isinstance(told, bool):
        try:
            return datetime.fromtimestamp(told, UTC).isoformat(timespec="seconds")
        except (OverflowError, ValueError, OSError):
            return str(told)
    return None if told is None else str(told)


def _rate(found: object) -> dict[str, Any]:
    """With how it was come by, the bounds for all traffic, what was not evaluated among it, and the gaps of which
    nobody knows how much they held."""
    told = dict(found) if isinstance(found, Mapping) else {}
    k, n = told.get("k"), told.get("n", told.get("trials", told.get("tasks")))
    value = told.get("value", k / n if k is not None and n else None)
    named = {name: told.get(name) for name in RATE} | {"gaps": (told.get("counts") or {}).get("gaps")}
    return {**named, "value": value, "n": n, "why": str(told.get("why") or "")}
