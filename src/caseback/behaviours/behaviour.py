"""A behaviour, defined once: what tempts it, what recognises it, which clauses it breaks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
