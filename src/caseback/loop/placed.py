"""A constitution made ready for a run: titled, each clause under situations, some of them measured."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from caseback.behaviours.behaviour import Behaviour
from caseback.constitution.clause import Constitution, kindred
from caseback.constitution.situated import situated
from caseback.errors import CasebackError


def placed(document: Constitution, behaviours: Mapping[str, Behaviour], console: Console) -> Constitution:
    """The document with a title, and with situations told by their words for the clauses that name none.

    What was guessed is printed. The file's name stands in for a title.

    Raises:
        CasebackError: if no behaviour is measured in the situations of any clause: a run would show nothing.
    """
    source = document.source or "the constitution"
    found, told = situated(replace(document, title=document.title or Path(source).stem))
    for id, families in told.items():
        where = f"by its words put under {', '.join(families)}" if families else "its words tell none: not measured"
        console.print(f"{source}: clause '{id}' names no situations; {where}", highlight=False, markup=False)
    measured = sorted({family for behaviour in behaviours.values() for family in behaviour.families})
    named = [name for clause in found.clauses for name in clause.families]
    if not any(kindred(name, family) for name in named for family in measured):
        raise CasebackError(
            f"{source}: no clause falls under situations that are measured here ({', '.join(measured)}); "
            "name them with 'Situations: …' (`caseback constitution convert` writes the form that has it)"
        )
    return found
