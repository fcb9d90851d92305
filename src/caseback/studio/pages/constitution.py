"""The constitution by clause: how often replies go against it, what was trained for it, and what watches it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from caseback.behaviours.registry import behaviours
from caseback.studio.desk import Desk
from caseback.studio.errors import AbsentError
from caseback.studio.found import Found, read_json, search
from caseback.studio.page import Names, Page, places_of, told
from caseback.studio.pages.subjects import card_of, cards_of, clause_rows

Data = Mapping[str, Any]


def documents(desk: Desk, parts: Names, query: Names) -> Data:
    """Every subject with its document."""
    found = search(desk.folder)
    return {
        "subjects": told(found, "dossiers", _document),
        "unreadable": [each for each in detectors(found) if each["unreadable"]],
    }


def clauses(desk: Desk, parts: Names, query: Names) -> Data:
    """The document of one subject, clause by clause."""
    found = search(desk.folder)
    card = card_of(found.one("dossiers", parts["key"]))
    watching = detectors(found)
    rows = clause_rows(card)
    for row in rows:
        row["detectors"] = [each["name"] for each in watching if row["id"] in each.get("clauses", ())]
    document = card["constitution"]
    return {
        "key": parts["key"],
        "name": card["title"],
        "after": card["after"],
        "title": document["title"] if document else None,
        "source": document["source"] if document else None,
        "digest": document["digest"] if document else None,
        "compact": document["compact"] if document else None,
        "warnings": document["warnings"] if document else [],
        "clauses": rows,
        "training": [
            {name: entry[name] for name in ("arm", "method", "examples", "tokens", "seconds", "control_of")}
            for entry in card["training"]
        ],
    }


def clause(desk: Desk, parts: Names, query: Names) -> Data:
    """One clause: its text and reason, every arm, the data that serve it, and what finds that it is broken."""
    found = search(desk.folder)
    card = card_of(found.one("dossiers", parts["key"]))
    document = card["constitution"] or {"clauses": []}
    ids = [each["id"] for each in document["clauses"]]
    if parts["clause"] not in ids:
        raise AbsentError(f"the constitution of {parts['key']} has no clause {parts['clause']!r:.80}")
    at = ids.index(parts["clause"])
    one = document["clauses"][at]
    breaking = breaks(one)
    audit = card["audit"]
    return {
        "key": parts["key"],
        "name": card["title"],
        "after": card["after"],
        **{name: one[name] for name in ("id", "tier", "text", "reason", "brief", "families", "over", "rates", "data")},
        "before_it": ids[at - 1] if at else None,
        "after_it": ids[at + 1] if at + 1 < len(ids) else None,
        "behaviours": [
            {
                "name": name,
                "summary": behaviours()[name].summary,
                "verdict": next((v for v in (audit["verdicts"] if audit else ()) if v["behaviour"] == name), None),
            }
            for name in breaking
        ],
        "detectors": [
            each
            for each in detectors(found)
            if not each["unreadable"] and (one["id"] in each["clauses"] or each["behaviour"] in breaking)
        ],
        "directions": [each for each in directions(found) if not each["unreadable"] and _bound(each, one, breaking)],
    }


def breaks(clause: Data) -> list[str]:
    """The behaviours that go against a clause: those that its families of situations tempt to."""
    return [
        name
        for name, behaviour in behaviours().items()
        if any(_within(mine, theirs) for mine in clause["families"] for theirs in behaviour.families)
    ]


def detectors(found: Found) -> list[dict[str, Any]]:
    """Every detector in the folder: its name, its behaviour, the clauses it guards. A damaged one says so."""
    return told(found, "detectors", _detector)


def directions(found: Found) -> list[dict[str, Any]]:
    """Every direction in the folder: its name, its site, and what it was fitted on. A damaged one says so."""
    return told(found, "directions", _direction)


def _direction(key: str, path: Path) -> dict[str, Any]:
    record = read_json(path)
    ground = str(record["provenance"]["ground"])
    return {
        "name": str(record["name"]),
        "site": f"{record['site']['kind']} {record['site']['layer']}",
        "ground": ground,
        "clause": ground.removeprefix("clause:"),
        "auroc": record["provenance"]["dev_auroc"],
    }


def _detector(key: str, path: Path) -> dict[str, Any]:
    fields = read_json(path)["detector"]
    known = fields.get("known") or {}
    return {
        "name": str(fields["name"]),
        "kind": str(fields.get("kind", "")),
        "behaviour": str(fields.get("behaviour", "")),
        "clauses": [str(each) for each in (known.get("clauses") or ())],
        "calibrated": bool(known.get("calibration")),
    }


def _bound(direction: Data, clause: Data, breaking: list[str]) -> bool:
    """Whether a direction was fitted on the clause, on a behaviour that breaks it, or on a family of its situations."""
    ground = direction["ground"]
    return bool(ground) and (
        direction["clause"] == clause["id"]
        or ground in breaking
        or any(_within(mine, ground) for mine in clause["families"])
    )


def _within(mine: str, theirs: str) -> bool:
    """Whether one family is the other, or lies within it."""
    return f"{mine}.".startswith(f"{theirs}.") or f"{theirs}.".startswith(f"{mine}.")


def _document(key: str, path: Path) -> dict[str, Any]:
    card = card_of(path)
    document = card["constitution"]
    return {
        "name": card["title"],
        "title": document["title"] if document else None,
        "clauses": len(document["clauses"]) if document else 0,
        "measured": sum(bool(row["after"] or row["before"]) for row in clause_rows(card)),
    }


def _clauses(desk: Desk) -> Iterable[Names]:
    for key, card in cards_of(search(desk.folder)):
        document = card["constitution"]
        yield from ({"key": key, "clause": each["id"]} for each in (document["clauses"] if document else ()))


PAGES = (
    Page("/constitution", "constitution", "documents.html.j2", documents),
    Page("/constitution/{key:path}/clauses/{clause}", "constitution", "clause_of.html.j2", clause, _clauses),
    Page("/constitution/{key:path}", "constitution", "clauses.html.j2", clauses, places_of("dossiers")),
)
