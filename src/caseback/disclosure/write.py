"""Writing the card of a dossier: ``card.html`` for people, ``card.json`` for programs, ``README.md`` for the hub."""

import json
import os
from pathlib import Path

from caseback.disclosure.assurance import MATTERS
from caseback.disclosure.card import card
from caseback.disclosure.form import schema
from caseback.disclosure.model_card import readme_beside, render_readme
from caseback.disclosure.page import render_html
from caseback.dossier import Dossier
from caseback.dossier.measure import write_text
from caseback.errors import CasebackError

__all__ = ["schema", "write_card"]


def write_card(dossier: Dossier, out: Path | None = None, *, matters: float = MATTERS) -> Path:
    """Write the card as HTML, and beside it as JSON under the same name and as a Hugging Face model card.

    Args:
        dossier: The evidence.
        out: The HTML file; default ``card.html`` in the dossier's folder, where its links to artefacts hold wherever
            the folder goes.
        matters: See ``card``.

    Returns:
        The HTML file. The model card is ``README.md`` in its folder, or where somebody else's is there
        ``card.README.md``: see ``readme_beside``.

    Raises:
        CasebackError: where a record does not have the form that the card shows, or the file cannot be written.
    """
    out = out or dossier.path / "card.html"
    if out.suffix != ".html":
        raise CasebackError(f"{out} does not end in .html: name the HTML file; the JSON goes beside it")
    made = card(dossier, Path(os.path.relpath(dossier.path, out.parent)).as_posix(), matters=matters)
    write_text(out.with_suffix(".json"), json.dumps(made, ensure_ascii=False, indent=1) + "\n")
    write_text(out, render_html(made))
    write_text(readme_beside(out), render_readme(made, out.stem))
    return out
