"""What changed since the card before this one, where the dossier names it."""

from collections.abc import Mapping
from typing import Any

from caseback.disclosure.diff import card_diff
from caseback.disclosure.form import parsed
from caseback.dossier import Dossier, Record
from caseback.errors import CasebackError


def changes_since(dossier: Dossier, former: Record | None, card: Mapping[str, Any]) -> dict[str, Any] | None:
    """The difference from the card in this record, as ``card_diff`` gives it; None where there is no such record.

    Where the former card is missing or was altered, ``why`` says so and nothing is compared.
    """
    if former is None:
        return None
    empty: dict[str, Any] = {"old": None, "new": None, "about": [], "counts": {}, "figures": [], "record": former.id}
    try:
        digest = former.artefacts["card"]
        old = parsed(dossier.get(digest), f"artefact {digest[:12]}")
    except KeyError:
        return {**empty, "why": "the record of the former card holds no card"}
    except CasebackError as error:
        return {**empty, "why": str(error)}
    return {**card_diff(old, card), "record": former.id, "why": ""}
