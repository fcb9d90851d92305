"""The data that a run trained on: which serve a clause, and what each of them grew from."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from caseback.dossier import Dossier, Record, samples

PARTS = ("sft", "preferences")
"""The data that the arm is trained on; the control's serve no clause."""


def last(dossier: Dossier, kind: str) -> Record | None:
    """The newest record of a kind."""
    return next(reversed(list(dossier.records(kind))), None)


def trained_on(dossier: Dossier) -> dict[str, list[dict[str, Any]]]:
    """The rows of each part; none where nothing was made."""
    record = last(dossier, "training_data")
    kept = record.artefacts if record else {}
    return {name: samples(dossier, kept[name]) if name in kept else [] for name in PARTS}


def grown_from(dossier: Dossier) -> dict[str, dict[str, Any]]:
    """What the data grew from, by digest; runs of older versions did not keep it in the dossier."""
    record = last(dossier, "training_data")
    digest = record.artefacts.get("texts") if record else None
    return {row["digest"]: row for row in samples(dossier, digest)} if digest else {}


def serving(id: str, parts: Mapping[str, Sequence[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The rows of each part that serve a clause."""
    return {name: [row for row in rows if id in row["clauses"]] for name, rows in parts.items()}


def counted(parts: Mapping[str, Sequence[dict[str, Any]]], id: str) -> dict[str, dict[str, Any]]:
    """Of each part how many ``rows`` there are, how many ``serving`` the clause, from which origins and families."""
    return {
        name: {
            "rows": len(parts[name]),
            "serving": len(rows),
            "origins": dict(Counter(row["origin"] for row in rows)),
            "families": dict(Counter(row["family"] for row in rows)),
        }
        for name, rows in serving(id, parts).items()
    }


def examples(
    parts: Mapping[str, Sequence[dict[str, Any]]], id: str, texts: Mapping[str, Mapping[str, Any]], n: int
) -> list[dict[str, Any]]:
    """``n`` data that serve the clause, preferences before plain targets, families in turn, as ``grown`` gives them."""
    found = serving(id, parts)
    return [grown(row, texts) for row in _spread([*found["preferences"], *found["sft"]])[:n]]


def grown(row: Mapping[str, Any], texts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The datum with the texts that it grew from; of each, who wrote it and at which task."""
    steps = [texts[digest] for digest in row["parents"] if digest in texts]
    return {
        **row,
        "steps": [{name: step[name] for name in ("task", "subject", "seed", "digest", "text")} for step in steps],
    }


def once_each(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first datum of each situation."""
    first: dict[str, dict[str, Any]] = {}
    for row in rows:
        first.setdefault(row["situation"], row)
    return list(first.values())


def _spread(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One datum to a situation, families in turn."""
    families: dict[str, list[dict[str, Any]]] = {}
    for row in once_each(rows):
        families.setdefault(row["family"], []).append(row)
    return [row for turn in zip_longest(*families.values()) for row in turn if row]
