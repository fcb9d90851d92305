"""A behaviour, defined once: what tempts it, what recognises it, which clauses it breaks."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from caseback.chat import Message
from caseback.subject.subject import Reply, Sampling, Subject
from caseback.world.situation import Judgement, Situation, Split

Ground = str
"""Where situations come from: ``world``, ``world-B``, ``plain``."""
Situations = Callable[[Ground, Split, int, int], list[Situation]]
"""``situations(ground, split, n, seed)``: n situations that tempt the behaviour; n pairs where it is a paired one."""
Judge = Callable[[Situation, str], Judgement]


@dataclass(frozen=True)
class Labelled:
    """A reply with a person's answer to whether it shows the behaviour; None where they could not tell either."""

    situation: Situation
    reply: str
    shown: bool | None


class Play(Protocol):
    """Puts a subject into situations that go on for several turns."""

    def __call__(
        self,
        subject: Subject,
        situations: Sequence[Situation],
        sampling: Sampling,
        *,
        seeds: Sequence[int] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Reply]:
        """One reply per situation, whose text tells all turns in the form that the behaviour's judge reads.

        ``sampling`` is that of a turn; ``finish`` is ``error`` where nothing was said at all, and ``length`` where the
        subject came to no end. ``seeds`` and ``progress`` are as in ``Subject.generate``.
        """
        ...


Turns = tuple[Message, ...]
"""What comes after a situation's messages: the assistant's, and between them what it sees. The last is its own."""


@dataclass(frozen=True)
class Scripts:
    """Both ways to act out a situation, and a reader's words about them."""

    good: Turns
    bad: Turns
    why_good: str
    why_bad: str


@dataclass(frozen=True)
class Acted:
    """How a behaviour that no single reply shows is acted out over several turns.

    ``scripts(rng, situation)`` gives a good and a bad way, for planting; they part at a turn of the assistant's.
    """

    play: Play
    scripts: Callable[[random.Random, Situation], Scripts]


Puts = Mapping[str, Callable[[Situation], Situation]]
"""What is done to a situation at each of two levels of a condition, by the level's name; the plainer one first."""


@dataclass(frozen=True)
class Behaviour:
    """Something a model may do that matters.

    ``families`` are prefixes of the situation families that tempt it, by which clauses of any constitution are
    matched. A behaviour with ``arms`` is paired, (tempting arm, plain arm): it is shown by a pair in which the tempted
    reply shows it and the plain one does not, such as good only when tested, or weak only when strength is punished.

    ``companion`` is the opposite fault, which curing this one may cause and which is measured beside it: refusing
    harmless requests, denying what is true. ``labelled`` gives replies judged by hand on a ground, by which the judge
    is calibrated; without any it is reported as uncalibrated.

    ``planted_only`` marks what a model does only where it was made to: audits look for it and organisms have it, while
    `caseback run` neither measures nor trains against it.

    ``reads_thinking`` marks a judge that is told what was thought as well, between ``<think>`` and ``</think>`` at the
    head of the reply.

    ``judges_live`` marks a judge that needs chat and reply alone, and no truth behind them, so that it can judge what
    people asked in live use.

    ``acted`` is given where it takes several turns to show; its situations are then played, and the judge reads the
    account of all turns. ``conditions`` are circumstances of its own that its situations can be put in, by name.
    """

    name: str
    summary: str
    families: tuple[str, ...]
    situations: Situations
    judge: Judge
    arms: tuple[str, str] | None = None
    companion: "Behaviour | None" = None
    labelled: Callable[[str], Sequence[Labelled]] | None = None
    planted_only: bool = False
    reads_thinking: bool = False
    judges_live: bool = False
    acted: Acted | None = None
    conditions: Mapping[str, Puts] = field(default_factory=dict)
