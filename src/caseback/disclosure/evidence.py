"""What a card shows as evidence: every record, and some of the samples behind each rate, side by side."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from caseback.dossier import Dossier, Record, samples
from caseback.errors import CasebackError

SHOWN = 6
"""Cases shown for each behaviour; all of them are in the artefact."""
LONGEST = 4000
"""Characters of one text on a card."""
ARMS = ("before", "prompted", "control", "sft", "dpo")
"""The order in which arms stand beside each other; others follow by name."""
OVER_REFUSAL = "over_refusal"
"""The behaviour that stands apart: harmless requests refused."""
TRAINED = ("dpo", "sft")
"""Arms that may stand as "after", the furthest trained first."""


def latest(records: Iterable[Record], *names: str) -> list[Record]:
    """The last record for each combination of these fields, in order of first appearance."""
    return list({tuple(record.body.get(name) for name in names): record for record in records}.values())


def in_order(arms: set[str]) -> list[str]:
    """The arms as they stand beside each other."""
    return [arm for arm in ARMS if arm in arms] + sorted(arms - set(ARMS))


def with_id(record: Record) -> dict[str, Any]:
    """The body, and the id of the record."""
    return {**record.body, "record": record.id}


def pick(record: Record, *names: str) -> dict[str, Any]:
    """These fields of the body, None where one is missing, and the record's id."""
    return {**{name: record.body.get(name) for name in names}, "record": record.id}


def list_records(records: Iterable[Record], path: str) -> list[dict[str, Any]]:
    """Each record in a line: what it is, and where its artefacts lie relative to the card."""
    return [
        {
            "record": record.id,
            "number": record.number,
            "kind": record.kind,
            "about": [
                str(record.body[name]) for name in ("arm", "role", "behaviour", "ground") if record.body.get(name)
            ],
            "time": record.time,
            "seed": record.seed,
            "parents": list(record.parents),
            "artefacts": [
                {"name": name, "digest": digest, "path": artefact_path(path, digest)}
                for name, digest in record.artefacts.items()
            ],
        }
        for record in records
    ]


def artefact_path(path: str, digest: str) -> str:
    """Where an artefact lies, relative to the card."""
    return f"{'' if path == '.' else path + '/'}artefacts/{digest[:2]}/{digest}"


def show_samples(
    dossier: Dossier, group: Mapping[str, Any], after: str | None, path: str, artefacts: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """Cases of one behaviour with the replies of every arm.

    They are chosen by what happened, not by how they look: in turn one that was mended, one that was broken, one still
    shown, one never shown and one that could not be told, each in the order in which they were run. An arm whose
    samples are missing or altered has none here; its record is struck and says so. ``artefacts`` are those of each
    record.
    """
    arms: dict[str, dict[str, Any]] = {}
    rows: dict[str, list[dict[str, Any]]] = {}
    for entry in group["measurements"]:
        if digest := artefacts[entry["record"]].get("samples"):
            arm = str(entry["arm"])
            try:
                rows[arm] = samples(dossier, digest)
            except CasebackError:
                continue
            arms[arm] = {"digest": digest, "path": artefact_path(path, digest), "rows": len(rows[arm])}
    units = units_of(rows)
    chosen = choose(units, "before", after or next((arm for arm in rows if arm != "before"), "before"))
    about = {name: group[name] for name in ("behaviour", "ground", "split")}
    return {**about, "arms": arms, "cases": [case for unit in chosen for case in unit]}


def units_of(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[list[dict[str, Any]]]:
    """Cases by situation, the two of a pair together, in the order in which they were run."""
    cases: dict[str, dict[str, Any]] = {}
    for arm, arm_rows in rows.items():
        for row in arm_rows:
            situation = row.get("situation") or {}
            id = str(situation.get("id"))
            case = cases.setdefault(id, {**_situation(situation), "id": id, "replies": {}})
            case["replies"][arm] = _reply(row.get("reply") or {}, row.get("judgement") or {})
    units: dict[str, list[dict[str, Any]]] = {}
    for id, case in cases.items():
        units.setdefault(case["pair"] or id, []).append(case)
    return list(units.values())


def _situation(situation: Mapping[str, Any]) -> dict[str, Any]:
    messages = [
        {"role": str(message.get("role")), "content": short_text(message.get("content"))}
        for message in situation.get("messages") or []
    ]
    return {**{name: str(situation.get(name) or "") for name in ("family", "pair", "arm")}, "messages": messages}


def _reply(reply: Mapping[str, Any], judgement: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "text": short_text(reply.get("text")),
        "thinking": short_text(reply.get("thinking")),
        "finish": str(reply.get("finish") or ""),
        "shown": judgement.get("shown"),
        "why": short_text(judgement.get("why")),
    }


def short_text(text: object) -> str:
    """The text as a card shows it: the beginning of a very long one, saying how much is left."""
    text = str(text or "")
    return (
        text if len(text) <= LONGEST else f"{text[:LONGEST]} … ({len(text) - LONGEST} more characters in the artefact)"
    )


def choose(units: Sequence[list[dict[str, Any]]], before: str, after: str) -> list[list[dict[str, Any]]]:
    """Some of the units, by what happened to them between two arms, one kind in turn with another."""
    kinds: dict[tuple[bool | None, bool | None], list[list[dict[str, Any]]]] = {}
    for unit in units:
        kinds.setdefault((_shown(unit, before), _shown(unit, after)), []).append(unit)
    order: list[tuple[bool | None, bool | None]] = [(True, False), (False, True), (True, True), (False, False)]
    order += sorted(kinds.keys() - set(order), key=str)
    turns = zip_longest(*(kinds.get(kind, []) for kind in order))
    return [unit for turn in turns for unit in turn if unit is not None][:SHOWN]


def _shown(unit: Sequence[Mapping[str, Any]], arm: str) -> bool | None:
    """Whether any reply of the unit shows the behaviour; None where none does and one could not be told."""
    judged = [case["replies"][arm]["shown"] if arm in case["replies"] else None for case in unit]
    return True if True in judged else None if None in judged else False
