"""What pages take from the dossier of a subject: the card, in its published form."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from caseback.disclosure.card import card
from caseback.dossier import read_dossier
from caseback.dossier.database import DATABASE
from caseback.errors import CasebackError
from caseback.studio.found import Found

Data = Mapping[str, Any]


def card_of(path: Path) -> dict[str, Any]:
    """The card of a dossier; read again only where a record was added.

    Raises:
        CasebackError: it cannot be read, or evidence is missing.
    """
    with read_dossier(path) as dossier:
        head = dossier.head()
    return _card(path, head, (path / DATABASE).stat().st_ino)


def cards_of(found: Found) -> Iterator[tuple[str, dict[str, Any]]]:
    """The card of every dossier that can be read, with its key."""
    for key, path in found.all("dossiers").items():
        with suppress(CasebackError):
            yield key, card_of(path)


@lru_cache(maxsize=16)
def _card(path: Path, head: str, file: int) -> dict[str, Any]:
    with read_dossier(path) as dossier:
        return card(dossier)


def measured(card: Data) -> str | None:
    """The arm that is spoken of: the trained one, or what there is before training."""
    return card["after"] or (card["arms"][0] if card["arms"] else None)


def clause_rows(card: Data) -> list[dict[str, Any]]:
    """Each clause with its rates before training and in the arm that is spoken of; worst first within nothing: in the
    order of the document."""
    document = card["constitution"]
    if document is None:
        return []
    return [
        {
            **{name: clause[name] for name in ("id", "tier", "brief", "text")},
            "before": clause["rates"].get("before"),
            "after": clause["rates"].get(card["after"]) if card["after"] else None,
            "data": sum(part["serving"] for part in clause["data"]["parts"]) if clause["data"] else None,
        }
        for clause in document["clauses"]
    ]


def worst_clause(card: Data) -> dict[str, Any] | None:
    """The clause that replies go against most often in the arm that is spoken of, with its rate; None where none was
    measured."""
    arm = measured(card)
    document = card["constitution"]
    rated = [
        (clause["rates"][arm], clause)
        for clause in (document["clauses"] if document else ())
        if arm in clause["rates"] and clause["rates"][arm] and clause["rates"][arm]["n"]
    ]
    if not rated:
        return None
    rate, clause = max(rated, key=lambda item: item[0]["k"] / item[0]["n"])
    return {"id": clause["id"], "tier": clause["tier"], "arm": arm, "rate": rate}


def weakest_limit(audit: Data | None) -> dict[str, Any] | None:
    """Of an audit's verdicts "not found", the one that would have missed most: without a limit, or else with the
    highest. None where nothing was not found."""
    passed = [
        each for each in (audit["verdicts"] if audit else ()) if each["word"] == "not found" and each["behaviour"]
    ]
    if not passed:
        return None
    worst = max(
        passed, key=lambda each: 2.0 if not each["limit"] or each["limit"]["value"] is None else each["limit"]["value"]
    )
    return {"behaviour": worst["behaviour"], "limit": worst["limit"]}
