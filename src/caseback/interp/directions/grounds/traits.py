"""A direction from nothing but the text of a trait, or of a clause, and of its opposite."""

from collections.abc import Sequence

from caseback.constitution.clause import Clause
from caseback.interp.directions.examples import Example, Progress
from caseback.interp.directions.grounds.formats import without_system
from caseback.interp.directions.grounds.ground import Part
from caseback.interp.directions.grounds.personas import contrasted
from caseback.interp.directions.grounds.splits import drawn
from caseback.interp.directions.study import Data
from caseback.subject.open_subject import OpenSubject
from caseback.world.spec import WorldSpec

KINDS = ("harm", "benign", "opinion", "deceive", "pressure")
"""Kinds of situation that a trait is asked to show in, where none are named."""


def trait_data(
    subject: OpenSubject,
    trait: Sequence[str],
    opposite: Sequence[str],
    spec: WorldSpec,
    n: int,
    seed: int,
    progress: Progress,
    kinds: Sequence[str] = KINDS,
) -> Data:
    """Persona-vector data for texts of one's own (Chen et al. 2025, arXiv 2507.21509).

    The model answers ``n`` situations under a text of the trait and under one of its opposite, on families to fit on,
    to choose on and to measure on. With several texts each, they are used in turn in all three.

    Raises:
        CasebackError: the split has no such kind of situation.
    """

    def part(name: Part) -> list[Example]:
        each = -(-n // len(kinds))
        put = [situation for kind in kinds for situation in drawn(kind, name, each, seed, spec)]
        return contrasted(subject, put, (trait, opposite), progress)

    test = part("test")
    return Data(part("fit"), part("dev"), {"plain": test, "system text taken away": without_system(test)})


def clause_text(clause: Clause) -> str:
    """A clause as the text of a trait: what it asks, and why."""
    reason = f" Because {clause.reason}" if clause.reason else ""
    return f"{clause.text}{reason}"
