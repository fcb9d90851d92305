"""A card from wherever it is: its JSON, the JSON beside its page, or the dossier that it is a view of."""

from pathlib import Path
from typing import Any

from caseback.disclosure.card import card
from caseback.disclosure.form import parsed
from caseback.dossier import read_dossier
from caseback.dossier.database import DATABASE
from caseback.errors import CasebackError


def read_card(path: Path) -> dict[str, Any]:
    """A card from its JSON, from the JSON beside its HTML, or made from a dossier's folder or a run's.

    Raises:
        CasebackError: where it cannot be read, or is no card of a form that is known.
    """
    if path.is_dir():
        with read_dossier(dossier_in(path)) as dossier:
            return card(dossier)
    file = json_of(path)
    try:
        return parsed(file.read_bytes(), str(file))
    except OSError as error:
        raise CasebackError(f"{file}: no card to read ({error.strerror}); name a card.json or a dossier") from None


def json_of(path: Path) -> Path:
    """The JSON of a card named by its page."""
    return path.with_suffix(".json") if path.suffix == ".html" else path


def dossier_in(folder: Path) -> Path:
    """The dossier: the folder itself, or the one that a run keeps in it."""
    inner = folder / "dossier"
    return inner if not (folder / DATABASE).exists() and inner.is_dir() else folder
