"""Writing the card of a dossier: ``card.html`` for people, ``card.json`` for programs."""

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from caseback.disclosure.card import card
from caseback.disclosure.page import render_html
from caseback.dossier import Dossier
from caseback.dossier.measure import write_text
from caseback.errors import CasebackError


def schema() -> dict[str, Any]:
    """The published JSON Schema of a card (draft 2020-12)."""
    return json.loads((files("caseback.disclosure") / "card.schema.json").read_text(encoding="utf-8"))


def write_card(dossier: Dossier, out: Path | None = None) -> Path:
    """Write the card as HTML, and as JSON beside it under the same name.

    Args:
        dossier: The evidence.
        out: The HTML file; default ``card.html`` in the dossier's folder, where its links to artefacts hold wherever
            the folder goes.

    Returns:
        The HTML file.

    Raises:
        CasebackError: where a record does not have the form that the card shows, evidence is missing or altered, or
            the file cannot be written.
    """
    out = out or dossier.path / "card.html"
    if out.suffix != ".html":
        raise CasebackError(f"{out} does not end in .html: name the HTML file; the JSON goes beside it")
    made = card(dossier, Path(os.path.relpath(dossier.path, out.parent)).as_posix())
    wrong = next(iter(Draft202012Validator(schema()).iter_errors(made)), None)
    if wrong is not None:
        where = wrong.json_path.removeprefix("$.")
        raise CasebackError(f"{dossier.path}: a record cannot be shown; {where} of its card: {wrong.message[:200]}")
    write_text(out.with_suffix(".json"), json.dumps(made, ensure_ascii=False, indent=1) + "\n")
    write_text(out, render_html(made))
    return out
