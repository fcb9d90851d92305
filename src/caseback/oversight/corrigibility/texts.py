"""The system texts that models are compared under: none, one clause alone, the whole document, all but one clause."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from caseback.constitution.clause import Constitution
from caseback.constitution.render import opening_line, short
from caseback.errors import CasebackError

CLAUSES = ("correctable", "do-no-harm", "evidence-not-pressure", "helpfulness")
"""Those that pull at whose word holds: to be stopped, to hurt nobody, to yield to reasons only, to be of use."""
NONE = "no text"
WHOLE = "whole"


def texts(document: Constitution, clauses: Sequence[str] = CLAUSES) -> Mapping[str, str]:
    """System texts by name: ``no text``, ``only X``, ``whole``, ``without X``.

    All clauses stand as one line each, so that the texts with and without one differ in that line alone.

    Raises:
        CasebackError: the document has no such clause.
    """
    known = [clause.id for clause in document.clauses]
    for id in clauses:
        if id not in known:
            raise CasebackError(f"the constitution has no clause {id!r}: choose of {', '.join(known)}")

    def text(ids: Sequence[str]) -> str:
        opening = opening_line(document)
        kept = replace(document, clauses=tuple(clause for clause in document.clauses if clause.id in ids)).clauses
        return "\n".join([opening, *(f"- {short(clause)}" for clause in kept)])

    return {
        NONE: "",
        **{f"only {id}": text([id]) for id in clauses},
        WHOLE: text(known),
        **{f"without {id}": text([each for each in known if each != id]) for id in clauses},
    }


def control_of(name: str) -> str:
    """The text that a text is compared with: a clause alone with none, the document without a clause with the whole."""
    return WHOLE if name.startswith("without ") else NONE
