"""From a clause to its data, the training on them and the change in behaviour; and from a reply back to the data.

Like the card, a view of a run's records: nothing is computed here but counts. Which datum caused which reply is not
known, and not claimed: data stand beside a reply because they serve a clause that covers its situation, those with the
most words in common first.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from caseback.constitution.clause import Clause
from caseback.disclosure.data import counted, examples, grown, grown_from, last, once_each, trained_on
from caseback.disclosure.evidence import TRAINED, artefact_path, choose, in_order, latest, units_of
from caseback.dossier import Dossier, samples
from caseback.errors import CasebackError


def trace_clauses(dossier: Dossier) -> list[dict[str, Any]]:
    """Every clause: how many data serve it, and its rates per arm as in ``trace_clause``.

    Raises:
        CasebackError: where the dossier holds no constitution.
    """
    rows = [row for part in trained_on(dossier).values() for row in part]
    serving = Counter(id for row in rows for id in row["clauses"])
    return [
        {"id": clause.id, "tier": clause.tier, "serving": serving[clause.id], "rates": _rates(dossier, clause.id)}
        for clause in _document(dossier)
    ]


def trace_clause(dossier: Dossier, id: str, shown: int = 3, path: str = ".") -> dict[str, Any]:
    """What became of a clause.

    Args:
        dossier: of a run.
        id: the clause's.
        shown: how many data, and how many measured cases, stand as examples.
        path: the dossier's folder relative to where this will be read.

    Returns:
        ``clause`` as the document has it; ``found``, how many plain replies the critic judged by it, held for broken,
        and saw repaired; ``data``, per part how many serve it, from which origins and families, and where they lie;
        ``training``, per arm how many of its examples; ``rates``, per arm the rate of its breach on held-out families,
        or why there is none; ``examples``, data with what they grew from; ``cases``, measured replies of every arm.

    Raises:
        CasebackError: where the dossier holds no constitution, or the constitution no such clause.
    """
    clause = _clause(_document(dossier), id)
    parts = trained_on(dossier)
    made = last(dossier, "training_data")
    report = made.body.get("report") or {} if made else {}
    return {
        "clause": {name: getattr(clause, name) for name in ("id", "tier", "text", "reason", "brief", "families")},
        "found": (report.get("clauses") or {}).get(id),
        "data": {
            name: {**count, "path": artefact_path(path, made.artefacts[name]) if made and count["rows"] else ""}
            for name, count in counted(parts, id).items()
        },
        "training": _training(dossier, id),
        "rates": _rates(dossier, id),
        "examples": examples(parts, id, grown_from(dossier), shown),
        "cases": _cases(dossier, clause)[:shown],
    }


def trace_sample(dossier: Dossier, id: str, shown: int = 3) -> dict[str, Any]:
    """Where a measured reply, or a datum, comes from.

    Args:
        dossier: of a run.
        id: of a situation, as a card or ``trace_clause`` shows it, or how it begins if that is but one.
        shown: how many data stand beside a reply.

    Returns:
        ``situation`` and ``messages``; ``replies`` per arm with their judgements, none for a datum; ``clauses`` that
        cover it, each with its rates and how many data serve it; ``data``, those nearest in wording, or the datum
        itself, with what they grew from.

    Raises:
        CasebackError: where no situation or several begin so.
    """
    document = _document(dossier)
    measured = {str(case["id"]): case for unit in units_of(_measured(dossier)) for case in unit}
    rows = [row for part in trained_on(dossier).values() for row in part]
    known = [*measured, *(row["situation"] for row in rows if row["situation"] not in measured)]
    name = _unique(id, list(dict.fromkeys(known)))
    case = measured.get(name)
    own = [row for row in rows if row["situation"] == name]
    family = str(case["family"] if case else own[0]["family"])
    covering = [clause for clause in document if clause.covers(family)]
    ids = {clause.id for clause in covering}
    serving = [row for row in rows if ids & set(row["clauses"])]
    messages = case["messages"] if case else own[0]["prompt"]
    beside = _nearest(_wording(messages), serving)[:shown] if case else own
    return {
        "situation": name,
        "family": family,
        "messages": messages,
        "replies": case["replies"] if case else {},
        "clauses": [
            {
                "id": clause.id,
                "brief": clause.brief or clause.text,
                "serving": sum(clause.id in row["clauses"] for row in serving),
                "rates": _rates(dossier, clause.id),
            }
            for clause in covering
        ],
        "data": [grown(row, grown_from(dossier)) for row in beside],
    }


def _document(dossier: Dossier) -> list[Clause]:
    record = last(dossier, "constitution")
    if record is None:
        raise CasebackError("this dossier holds no constitution to trace: give that of a `caseback run`")
    return [
        Clause(
            id=entry["id"],
            tier=entry["tier"],
            text=entry["text"],
            reason=entry["reason"],
            brief=entry["brief"],
            families=tuple(entry["families"]),
        )
        for entry in record.body["clauses"]
    ]


def _clause(document: Sequence[Clause], id: str) -> Clause:
    by_id = {clause.id: clause for clause in document}
    if id not in by_id:
        near = get_close_matches(id, by_id, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(by_id)}"
        raise CasebackError(f"the run's constitution has no clause {id!r}; {hint}")
    return by_id[id]


def _unique(id: str, known: Sequence[str]) -> str:
    if id in known:
        return id
    found = [name for name in known if name.startswith(id)]
    if len(found) == 1:
        return found[0]
    hint = f"{', '.join(found[:3])} and {len(found) - 3} more begin so" if len(found) > 3 else ", ".join(found)
    near = ", ".join(known[:: max(1, len(known) // 3)][:3])
    raise CasebackError(
        f"situation {id!r}: " + (f"which one? {hint}" if found else f"not in this run; it has {near} …")
    )


def _measured(dossier: Dossier) -> dict[str, list[dict[str, Any]]]:
    """Rows of the behaviours' samples, by arm."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for record in latest(dossier.records("measurement"), "arm", "behaviour", "ground", "split"):
        if digest := record.artefacts.get("samples"):
            rows.setdefault(str(record.body["arm"]), []).extend(samples(dossier, digest))
    return {arm: rows[arm] for arm in in_order(set(rows))}


def _cases(dossier: Dossier, clause: Clause) -> list[dict[str, Any]]:
    rows = _measured(dossier)
    under = {arm: [row for row in part if clause.covers(row["situation"]["family"])] for arm, part in rows.items()}
    after = next((arm for arm in TRAINED if arm in rows), "before")
    return [case for unit in choose(units_of(under), "before", after) for case in unit]


def _training(dossier: Dossier, id: str) -> list[dict[str, Any]]:
    arms = [record for record in dossier.records("training") if not record.body.get("control_of")]
    return [
        {
            **{name: record.body.get(name) for name in ("arm", "method", "examples")},
            "serving": sum(id in row["clauses"] for row in samples(dossier, record.artefacts["data"])),
            "record": record.id,
        }
        for record in arms
    ]


def _rates(dossier: Dossier, id: str) -> dict[str, Any]:
    bodies = {str(record.body["arm"]): record.body for record in latest(dossier.records("clause_rates"), "arm")}
    return {
        arm: bodies[arm]["clauses"].get(id) or {"why_not": (bodies[arm].get("why_not") or {}).get(id, "not measured")}
        for arm in in_order(set(bodies))
    }


def _nearest(wording: Counter[str], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows in order of the cosine between their prompts' words and these, rare words counting more (tf-idf)."""
    words = [_wording(row["prompt"]) for row in rows]
    seen = Counter(word for counts in words for word in counts)
    rarity = {word: math.log((1 + len(rows)) / (1 + seen[word])) for word in (*seen, *wording)}

    def cosine(other: Counter[str]) -> float:
        dot = sum(wording[word] * other[word] * rarity[word] ** 2 for word in wording.keys() & other.keys())
        sizes = [math.hypot(*(count * rarity[word] for word, count in counts.items())) for counts in (wording, other)]
        return dot / (sizes[0] * sizes[1]) if all(sizes) else 0.0

    order = sorted(range(len(rows)), key=lambda i: -cosine(words[i]))
    return once_each(rows[i] for i in order)


def _wording(messages: Iterable[Mapping[str, Any]]) -> Counter[str]:
    said = " ".join(str(message["content"]) for message in messages if message["role"] != "system")
    return Counter(re.findall(r"\w+", said.lower()))
