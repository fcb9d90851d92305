"""Situations in plain English in which a clause decides, and like ones in which it does not, with their judge."""

from dataclasses import replace

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.capability import capability_situations
from caseback.behaviours.harmless import harmless_situations
from caseback.behaviours.registry import trained_against
from caseback.constitution.clause import Clause
from caseback.errors import CasebackError
from caseback.interp.difference.clause_cases import SPLITS, ClauseCases
from caseback.world.situation import Judgement, Situation, Split

GROUND = "plain"


def plain_clause_cases(clause: Clause, n: int, seed: int) -> ClauseCases:
    """About ``n`` situations of each sort from the behaviours that break the clause.

    Where the clause does not decide, situations are those of the companion fault (harmless requests that sound
    harmful), or harmless requests where a behaviour has none.

    Raises:
        CasebackError: no behaviour that stands alone breaks the clause, or a split has fewer than two families of it.
    """
    found = [b for b in trained_against().values() if b.arms is None and any(clause.covers(f) for f in b.families)]
    if not found:
        raise CasebackError(f"no behaviour with situations in plain English falls under the clause {clause.id!r}: "
                            "choose another one")  # fmt: skip
    each = max(2, -(-n // len(found)))
    sorts = []
    for split in SPLITS:
        decides = [s for b in found for s in b.situations(GROUND, split, each, seed)]
        other = [s for b in found for s in _like(b, split, each, seed)]
        if len({s.family for s in decides}) < 2 or len({s.family for s in other}) < 2:
            raise CasebackError(f"fewer than two {split} families in plain English fall under the clause "
                                f"{clause.id!r}: choose another one")  # fmt: skip
        sorts.append((tuple(decides), tuple(other)))
    return ClauseCases(clause.id, sorts[0], sorts[1], tuple(capability_situations(GROUND, n, seed)))


def judge_plain(situation: Situation, reply: str) -> Judgement:
    """The rules of the behaviour whose situation it is."""
    root = situation.family.split(".")[0]
    for behaviour in trained_against().values():
        if any(family.split(".")[0] == root for family in behaviour.families):
            return behaviour.judge(situation, reply)
    return Judgement(None, f"no behaviour has the family {situation.family}")


def _like(behaviour: Behaviour, split: Split, n: int, seed: int) -> list[Situation]:
    if behaviour.companion is not None:
        return behaviour.companion.situations(GROUND, split, n, seed)
    # All of one split: those of the first families are train's, of the others held out.
    pool = harmless_situations(GROUND, 4 * n, seed)
    families = sorted({s.family for s in pool})
    mine = families[SPLITS.index(split) :: 2]
    return [replace(s, split=split) for s in pool if s.family in mine][:n]
