"""The constitution on a card: each clause with its rates, and with the data that were made for it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from caseback.disclosure.data import PARTS, counted, examples
from caseback.disclosure.evidence import artefact_path, in_order, latest, pick, short_text
from caseback.dossier import Dossier, Record, samples
from caseback.errors import CasebackError

SHOWN_DATA = 2
"""Data shown for each clause; all of them are in the artefact."""
Data = Callable[[str], dict[str, Any] | None]


def constitution(by_kind: Mapping[str, Sequence[Record]], arms: Sequence[str], data: Data) -> dict[str, Any] | None:
    """The newest document with its clauses; None where no record holds one."""
    if "constitution" not in by_kind:
        return None
    body = pick(by_kind["constitution"][-1], "title", "digest", "source", "compact", "warnings", "clauses")
    rates = {str(record.body.get("arm")): record for record in latest(by_kind.get("clause_rates", ()), "arm")}
    ordered = in_order(set(rates) | set(arms))
    clauses = [
        {
            **{name: clause.get(name) or "" for name in ("id", "tier", "text", "reason", "brief")},
            **{name: list(clause.get(name) or []) for name in ("families", "over")},
            "rates": {
                arm: (rates[arm].body.get("clauses") or {}).get(clause.get("id")) for arm in ordered if arm in rates
            },
            "data": data(str(clause.get("id"))),
        }
        for clause in body["clauses"] or []
    ]
    return {
        **body,
        "warnings": list(body["warnings"] or []),
        "clauses": clauses,
        "rates_records": {arm: record.id for arm, record in rates.items()},
    }


def data_of(dossier: Dossier, made: Record | None, path: str) -> Data:
    """What gives the data that serve a clause: how many of each part, and some with what they grew from; None where
    nothing was made, or what was made is no longer there."""
    try:
        parts = {name: _rows(dossier, made, name) for name in PARTS}
        texts = {row["digest"]: row for row in _rows(dossier, made, "texts")}
    except CasebackError:  # missing or altered: the record is struck, and says so
        made = None
    if made is None:
        return lambda id: None
    record, kept = made.id, {name: artefact_path(path, digest) for name, digest in made.artefacts.items()}

    def of(id: str) -> dict[str, Any]:
        counts = counted(parts, id)
        return {
            "parts": [
                {"name": name, **{key: counts[name][key] for key in ("rows", "serving")}, "path": kept[name]}
                for name in parts
                if name in kept
            ],
            "examples": [_datum(row) for row in examples(parts, id, texts, SHOWN_DATA)],
            "record": record,
        }

    return of


def _rows(dossier: Dossier, made: Record | None, name: str) -> list[dict[str, Any]]:
    return samples(dossier, made.artefacts[name]) if made and name in made.artefacts else []


def _datum(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: str(row[name]) for name in ("situation", "family", "origin")},
        "messages": [{"role": str(m["role"]), "content": short_text(m["content"])} for m in row["prompt"]],
        "steps": [{"task": str(step["task"]), "text": short_text(step["text"])} for step in row["steps"]],
        **{name: short_text(row.get(name)) for name in ("thinking", "chosen", "rejected")},
    }
