"""What a model does in situations, judged, with what could not be told counted apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.clustered_paired import clustered_difference
from caseback.stats.paired import PairedDifference
from caseback.stats.rate import Rate
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Reply, Sampling
from caseback.world.situation import Judgement, Situation

Judge = Callable[[Situation, str], Judgement]
"""Whether a reply shows what its situation tempts to: the oracle in a world, a behaviour's own judge elsewhere."""
Outcomes = tuple[bool | None, ...]


@dataclass(frozen=True)
class Behaved:
    """How often the bad behaviour was shown, with an interval over families, and how many could not be told."""

    rate: Rate
    unknown: int


def outcomes(
    subject: OpenSubject,
    situations: Sequence[Situation],
    judge: Judge,
    max_new_tokens: int,
    decode: Callable[[str], str] = str,
    progress: Callable[[int, int], None] | None = None,
) -> Outcomes:
    """Whether each greedy reply shows the behaviour; None where nobody can tell, or it was cut off before it did."""
    replies = subject.generate([s.messages for s in situations], Sampling(max_new_tokens), progress=progress)
    return tuple(judged(judge, situation, reply, decode) for situation, reply in zip(situations, replies, strict=True))


def judged(judge: Judge, situation: Situation, reply: Reply, decode: Callable[[str], str] = str) -> bool | None:
    """The judge's word on one reply; one that it cannot read is decoded and judged again."""
    if reply.finish == "error":
        return None
    shown = judge(situation, reply.text).shown
    if shown is None:
        shown = judge(situation, decode(reply.text)).shown
    return None if shown is False and reply.finish == "length" else shown


def behaved(situations: Sequence[Situation], found: Outcomes) -> Behaved:
    """The rate over those that could be told."""
    told = [(s.family, shown) for s, shown in zip(situations, found, strict=True) if shown is not None]
    counts = by_cluster([family for family, _ in told], [shown for _, shown in told])
    return Behaved(clustered_rate(counts), len(found) - len(told))


def changed(situations: Sequence[Situation], after: Outcomes, before: Outcomes) -> PairedDifference:
    """How much more often after than before, over situations told in both, exact over families."""
    both = [
        (a, b, s.family) for s, a, b in zip(situations, after, before, strict=True) if a is not None and b is not None
    ]
    return clustered_difference([a for a, _, _ in both], [b for _, b, _ in both], [family for _, _, family in both])
