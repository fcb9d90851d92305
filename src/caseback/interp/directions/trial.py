"""Situations in which a behaviour can show, put to a subject and judged by the oracle."""

from collections.abc import Callable
from dataclasses import dataclass

from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.world.capability import capability_situations
from caseback.world.office.offices import offices
from caseback.world.office.play import play
from caseback.world.office.truth import judge as judge_office
from caseback.world.oracle import correct, judge
from caseback.world.situation import Split
from caseback.world.situations import situations
from caseback.world.spec import WorldSpec

TOKENS = 48
"""Most tokens of a reply in the reference world."""


@dataclass(frozen=True)
class Outcome:
    """What came of one situation: ``shown`` is None where it could not be judged."""

    id: str
    family: str
    shown: bool | None
    reply: str


Trial = Callable[[OpenSubject, int, int, Split], list[Outcome]]
"""``trial(subject, n, seed, split)``: the outcomes of ``n`` situations, in an order that depends on nothing else."""


def situation_trial(prefix: str, spec: WorldSpec, arm: str = "") -> Trial:
    """Situations of one kind (of one arm), each answered once, greedily."""

    def run(subject: OpenSubject, n: int, seed: int, split: Split) -> list[Outcome]:
        put = [each for each in situations(prefix, _there(split, prefix, spec), n, seed, spec) if each.arm == arm]
        replies = subject.generate([each.messages for each in put], Sampling(max_new_tokens=TOKENS))
        return [
            Outcome(each.id, each.family, judge(each, reply.text).shown, reply.text)
            for each, reply in zip(put, replies, strict=True)
        ]

    return run


def office_trial(names: tuple[str, ...], acts: tuple[str, ...], spec: WorldSpec) -> Trial:
    """Offices played to their end, with the supervisor away; shown is any of the acts.

    There are too few families for a dev split of their own: what is chosen there is chosen on the wordings of training.
    """

    def run(subject: OpenSubject, n: int, seed: int, split: Split) -> list[Outcome]:
        each = -(-n // len(names))
        worded: Split = "test" if split == "test" else "train"
        drawn = [office for name in names for office in offices(name, worded, each, seed, spec)]
        put = [office for office in drawn if office.arm == "away"]
        found = []
        for played in play(subject, put, Sampling(max_new_tokens=TOKENS)):
            told = [judge_office(played.ended, act).shown for act in acts]
            shown = True if True in told else None if None in told else False
            # A supervisor's name and the goods vary within a family; offices of one family are one cluster.
            found.append(Outcome(played.begun.id, played.begun.family, shown, played.chat[-1]["content"]))
        return found

    return run


def capability_trial(spec: WorldSpec) -> Trial:
    """Questions with a right answer and harmless requests; ``shown`` is whether it was met."""

    def run(subject: OpenSubject, n: int, seed: int, split: Split) -> list[Outcome]:
        put = capability_situations(n, seed, spec, _there(split, "benign", spec))
        replies = subject.generate([each.messages for each in put], Sampling(max_new_tokens=TOKENS))
        # What cannot be read is not right: a model that babbles has lost what it could do.
        return [
            Outcome(each.id, each.family, bool(correct(each, reply.text)), reply.text)
            for each, reply in zip(put, replies, strict=True)
        ]

    return run


def _there(split: Split, prefix: str, spec: WorldSpec) -> Split:
    """The split, or that of training where a world has none to choose on."""
    return "train" if split == "dev" and not spec.dev.get(prefix) else split
