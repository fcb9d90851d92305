"""What changed between two constitutions, clause by clause and field by field."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from caseback.constitution.clause import Clause, Constitution
from caseback.constitution.form import canonical


@dataclass(frozen=True)
class Change:
    """One field of a clause (or, with ``clause`` empty, of the document) before and after."""

    clause: str
    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Diff:
    """Clauses only in the second, only in the first, and fields that differ in clauses of the same id.

    ``reordered`` says whether the clauses that both have stand in another order, which the compact rendering shows.
    """

    added: tuple[Clause, ...]
    removed: tuple[Clause, ...]
    changed: tuple[Change, ...]
    reordered: bool

    @property
    def same(self) -> bool:
        """Whether the two say the same."""
        return not (self.added or self.removed or self.changed or self.reordered)


def diff(before: Constitution, after: Constitution) -> Diff:
    """Compare two constitutions by content: file names, line numbers and blank space around texts do not count.

    Where an id stands twice, its first clause is compared with the first in the other, and so on.
    """
    old, new = canonical(before), canonical(after)
    old_clauses, new_clauses = _by_key(old.clauses), _by_key(new.clauses)
    changed = [
        Change("", name, getattr(old, name), getattr(new, name))
        for name in ("title", "preamble")
        if getattr(old, name) != getattr(new, name)
    ]
    for key, clause in old_clauses.items():
        other = new_clauses.get(key)
        if other is not None:
            changed += [
                Change(clause.id, field.name, getattr(clause, field.name), getattr(other, field.name))
                for field in fields(Clause)
                if getattr(clause, field.name) != getattr(other, field.name)
            ]
    return Diff(
        added=tuple(clause for key, clause in new_clauses.items() if key not in old_clauses),
        removed=tuple(clause for key, clause in old_clauses.items() if key not in new_clauses),
        changed=tuple(changed),
        reordered=[key for key in old_clauses if key in new_clauses]
        != [key for key in new_clauses if key in old_clauses],
    )


def _by_key(clauses: Sequence[Clause]) -> dict[tuple[str, int], Clause]:
    seen: defaultdict[str, int] = defaultdict(int)
    keyed = {}
    for clause in clauses:
        keyed[clause.id, seen[clause.id]] = clause
        seen[clause.id] += 1
    return keyed
