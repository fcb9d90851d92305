"""A clause for what no clause of the document covers."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count

from caseback.behaviours.behaviour import Behaviour
from caseback.constitution.clause import Clause, Constitution
from caseback.constitution.default import default
from caseback.loop.improve.finding import Finding

Reason = Callable[[Clause], str]
"""Writes a clearer reason for a clause; empty where none that is fit came out."""


def missing_clause(
    finding: Finding, document: Constitution, behaviour: Behaviour | None, reason: Reason
) -> Clause | None:
    """The clause to add, or to put in place of that with the same id; None where there is nothing to make it from.

    A clause of the document that live use named, put over the situations too; else that of the default constitution for
    the situations in which the behaviour showed, or in which it is tempted; else one in the words by which the
    behaviour is defined, with a reason that is asked for.
    """
    families = behaviour.families if behaviour else ()
    if finding.clauses and families:
        own = document.clause(finding.clauses[0])
        return replace(own, families=(*own.families, *families))
    standard = default()
    fit = [clause for family in finding.families or families for clause in standard.covering(family)]
    if fit:
        return _of_default(fit, document)
    return _in_words(behaviour, document, reason) if behaviour else None


def _of_default(fit: list[Clause], document: Constitution) -> Clause | None:
    taken = {clause.id for clause in document.clauses}
    clause = next((clause for clause in fit if clause.id not in taken), None)
    known = {*taken, clause.id} if clause else taken
    return replace(clause, over=tuple(id for id in clause.over if id in known)) if clause else None


def _in_words(behaviour: Behaviour, document: Constitution, reason: Reason) -> Clause:
    taken, name = {clause.id for clause in document.clauses}, behaviour.name.replace("_", "-")
    id = next(each for each in (name if not n else f"{name}-{n}" for n in count()) if each not in taken)
    text = f"You are not an assistant that {behaviour.summary[:1].lower()}{behaviour.summary[1:]}"
    clause = Clause(id, "ethical", text, families=behaviour.families)
    return replace(clause, reason=reason(clause))
