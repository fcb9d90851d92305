"""Clauses, and the document they make up."""

from dataclasses import dataclass
from typing import Literal

Tier = Literal["hard", "safe", "ethical", "guideline", "helpful"]
TIERS: tuple[Tier, ...] = ("hard", "safe", "ethical", "guideline", "helpful")
"""Highest first: where two clauses collide, the one of the higher tier weighs more."""


@dataclass(frozen=True)
class Example:
    """A short exchange that shows a clause kept (``good``) or broken; ``note`` may say what it shows."""

    request: str
    reply: str
    good: bool
    note: str = ""


@dataclass(frozen=True)
class Clause:
    """One principle with its reason.

    ``over`` lists the ids of clauses that this one outweighs. ``families`` are prefixes of situation families
    (``harm`` matches ``harm.poison``) whose bad answers the clause rules out; in those of ``manner`` it bears on how an
    answer is given and not on which, so that nothing measured there tells whether it was kept. ``brief`` is the wording
    used in the compact rendering; empty means that the first sentence of ``text`` stands there. ``line`` is where the
    clause begins in its file, counted from 1.
    ``questions`` are requests on which the clause shows, with no word about what a good answer is.
    """

    id: str
    tier: Tier
    text: str
    reason: str = ""
    brief: str = ""
    over: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    line: int = 0
    questions: tuple[str, ...] = ()
    manner: tuple[str, ...] = ()

    def covers(self, family: str) -> bool:
        """Whether a situation of this family falls under the clause."""
        return any(family == prefix or family.startswith(prefix + ".") for prefix in self.families)


def kindred(one: str, other: str) -> bool:
    """Whether one of two families of situations lies in the other, or they are the same."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


@dataclass(frozen=True)
class Constitution:
    """A document of principles. ``preamble`` is the character it speaks as; ``source`` the file it was read from."""

    title: str
    preamble: str
    clauses: tuple[Clause, ...]
    source: str = ""

    def clause(self, id: str) -> Clause:
        """The clause with this id; KeyError where there is none."""
        for clause in self.clauses:
            if clause.id == id:
                return clause
        raise KeyError(id)

    def covering(self, family: str) -> tuple[Clause, ...]:
        """The clauses that a situation of this family falls under, in document order."""
        return tuple(clause for clause in self.clauses if clause.covers(family))
