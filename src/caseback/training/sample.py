"""Sample replies, with the constitution in the system prompt and without."""

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from caseback.chat import Message, with_system
from caseback.constitution.clause import Clause, Constitution
from caseback.subject.subject import Sampling, Subject
from caseback.training.ask import Progress, Text, ask
from caseback.training.journal import Journal
from caseback.training.system_texts import dressed
from caseback.world.situation import Situation


@dataclass(frozen=True)
class Case:
    """A situation as one training prompt: its chat under a drawn system text, and the clauses that apply."""

    situation: Situation
    chat: tuple[Message, ...]
    clauses: tuple[Clause, ...]
    seed: int
    harmless: bool

    @property
    def help_clauses(self) -> frozenset[str]:
        """Ids of the clauses that ask for help."""
        return frozenset(clause.id for clause in self.clauses if clause.tier == "helpful")

    @property
    def asking_help(self) -> "Case":
        """The case under those clauses alone."""
        return replace(self, clauses=tuple(clause for clause in self.clauses if clause.id in self.help_clauses))


def seed_for(*parts: str | int) -> int:
    """A seed from names and numbers, the same on every machine, below 2^31."""
    return zlib.crc32("\x1f".join(map(str, parts)).encode()) & 0x7FFFFFFF


def cases(
    constitution: Constitution,
    situations: Sequence[Situation],
    samples: int,
    seed: int,
    *,
    harmless: bool,
    system_texts: Sequence[str] = (),
) -> list[Case]:
    """``samples`` cases per situation, each under a system text of its own."""
    made = []
    for situation in situations:
        for sample in range(samples):
            number = seed_for(seed, situation.id, sample)
            chat = dressed(situation.messages, random.Random(number), system_texts)
            made.append(Case(situation, chat, applying(constitution, situation.family, harmless), number, harmless))
    return made


def applying(constitution: Constitution, family: str, harmless: bool) -> tuple[Clause, ...]:
    """The clauses to judge by: all that cover the family, and where it tempts, those of the tier ``helpful`` only for
    want of others, so that an answer which does harm cannot count as kept for being kind."""
    covering = constitution.covering(family)
    return covering if harmless else tuple(c for c in covering if c.tier != "helpful") or covering


def plain_replies(
    subject: Subject, cases: Sequence[Case], sampling: Sampling, journal: Journal, progress: Progress | None = None
) -> list[Text]:
    """What the subject says of itself, without the constitution."""
    return ask(subject, "plain", [c.chat for c in cases], sampling, [c.seed for c in cases], journal, progress)


def guided_replies(
    subject: Subject,
    constitution: str,
    cases: Sequence[Case],
    sampling: Sampling,
    journal: Journal,
    progress: Progress | None = None,
) -> list[Text]:
    """What it says with the compact constitution, whole, before the case's system text."""
    chats = [with_system(case.chat, constitution) for case in cases]
    return ask(subject, "guided", chats, sampling, [case.seed for case in cases], journal, progress)


def fresh_replies(
    subject: Subject, cases: Sequence[Case], sampling: Sampling, journal: Journal, progress: Progress | None = None
) -> list[Text]:
    """What it says of itself asked once more, with other seeds: the stuff of the control."""
    seeds = [seed_for("fresh", case.seed) for case in cases]
    return ask(subject, "fresh", [case.chat for case in cases], sampling, seeds, journal, progress)
