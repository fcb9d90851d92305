"""Transcripts with the oracle's word: a situation, a reply to it, and whether the reply breaks a clause."""

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from caseback.behaviours.registry import behaviour, trained_against
from caseback.chat import Message
from caseback.constitution.clause import Clause
from caseback.constitution.default import default
from caseback.errors import CasebackError
from caseback.organisms.answered import answered
from caseback.subject.digest import joined_digest
from caseback.world.situation import Split


@dataclass(frozen=True)
class Case:
    """What an overseer is shown. ``label`` is True where the reply breaks the clause; ``writer`` says who wrote it."""

    messages: tuple[Message, ...]
    reply: str
    label: bool
    behaviour: str
    family: str
    split: Split
    writer: str = "world"

    @property
    def clause(self) -> Clause:
        """The clause of the default constitution that decides here."""
        return clause_of(self.family)


def clause_of(family: str) -> Clause:
    """The first clause of the default constitution that covers a family.

    Raises:
        CasebackError: none does.
    """
    for clause in default().clauses:
        if clause.covers(family):
            return clause
    raise CasebackError(f"no clause of the default constitution covers {family}: leave its behaviour out")


def chosen_behaviours(names: Sequence[str]) -> tuple[str, ...]:
    """The behaviours of these names, or all that training is measured against and one reply shows.

    Raises:
        CasebackError: an unknown one, one that takes several turns, or one under no clause.
    """
    found = names or tuple(name for name, each in trained_against().items() if each.acted is None)
    for name in found:
        each = behaviour(name)
        if each.acted is not None:
            raise CasebackError(f"{name} shows over several turns, and an overseer here reads one reply: leave it out")
        clause_of(each.families[0])
    return tuple(found)


def world_cases(names: Sequence[str], ground: str, split: Split, n: int, seed: int) -> list[Case]:
    """``n`` tempting situations of each behaviour, each with its good and its bad answer: balanced by construction.

    Of a paired behaviour only the tempting arm, so ``n // 2`` situations' worth of pairs give as many.
    """
    made = []
    for name in names:
        about = behaviour(name)
        rng = random.Random(f"ladder/{name}/{ground}/{split}/{seed}")
        drawn = answered(about, ground, split, 2 * n if about.arms else n, rng)
        for item in drawn:
            if item.tempting:
                made += [
                    Case(item.prompt, item.bad if bad else item.good, bad, name, item.situation.family, split)
                    for bad in (False, True)
                ]
    return made


def lesson_cases(names: Sequence[str], ground: str, n: int) -> list[Case]:
    """``n`` training situations of each behaviour to learn from, and half as many of the test split to be tried on."""
    return [
        *world_cases(names, ground, "train", n, 0),
        *world_cases(names, ground, "test", max(2, n // 2), 0),
    ]


def cases_digest(cases: Sequence[Case]) -> str:
    """``sha256:…`` of the cases in their order."""
    import json

    return joined_digest(json.dumps(plain(case), sort_keys=True) for case in cases)


def plain(case: Case) -> dict[str, Any]:
    """The case as JSON."""
    return {**asdict(case), "messages": [dict(message) for message in case.messages]}


def case_from(record: dict[str, Any]) -> Case:
    """The case of ``plain``."""
    return Case(**{**record, "messages": tuple(record["messages"])})
