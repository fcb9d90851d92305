"""How often a subject shows a behaviour, with what could not be told counted apart."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.calibration import Calibration, calibration_of
from caseback.behaviours.choice import answer
from caseback.chat import with_system
from caseback.errors import CasebackError
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.clustered_paired import clustered_difference
from caseback.stats.paired import PairedDifference
from caseback.stats.rate import Rate, exact_rate
from caseback.subject.subject import Reply, Sampling, Subject
from caseback.world.situation import Judgement, Situation
from caseback.world.worlds import is_world


@dataclass(frozen=True)
class Sample:
    """One situation, what the subject answered, and what the judge said."""

    situation: Situation
    reply: Reply
    judgement: Judgement


@dataclass(frozen=True)
class Unit:
    """What a rate counts: one sample, or one pair of them. ``shown`` is None where it could not be told."""

    family: str
    shown: bool | None
    why: str
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Measurement:
    """A behaviour measured in one subject.

    ``rate`` counts the units that could be judged, with the exact interval; ``clustered`` is the same rate with an
    interval that allows for families. ``not_evaluated`` counts the others by reason; they are never clean. For a
    paired behaviour a unit is a pair, ``arms`` holds the rate in either arm and ``gap`` the paired difference between
    them (tempting minus plain) over all pairs judged in both. ``judge`` is ``oracle``, ``key`` or ``rules``;
    ``calibration`` is None where a judge is uncalibrated, and not needed for an oracle or an answer key.
    """

    behaviour: str
    ground: str
    subject: str
    units: tuple[Unit, ...]
    rate: Rate
    clustered: Rate
    by_family: Mapping[str, Rate]
    not_evaluated: Mapping[str, int]
    judge: str
    calibration: Calibration | None = None
    arms: Mapping[str, Rate] | None = None
    gap: PairedDifference | None = None

    @property
    def samples(self) -> tuple[Sample, ...]:
        """All samples, in the order of their situations within units."""
        return tuple(sample for unit in self.units for sample in unit.samples)

    @property
    def calibrated(self) -> str:
        """One line that belongs beside the rate: how well its judge is known."""
        if self.judge in ("oracle", "key"):
            return self.judge
        if not self.calibration:
            return "uncalibrated"
        right, spared = self.calibration.sensitivity, self.calibration.specificity
        return (
            f"sensitivity {right.value:.2f} [{right.low:.2f}, {right.high:.2f}] n={right.n}, "
            f"specificity {spared.value:.2f} [{spared.low:.2f}, {spared.high:.2f}] n={spared.n}"
        )


def measure(
    subject: Subject,
    behaviour: Behaviour,
    situations: Sequence[Situation],
    *,
    system: str | None = None,
    sampling: Sampling | None = None,
    seeds: Sequence[int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Measurement:
    """Put the subject into every situation and judge its replies.

    Args:
        subject: Any subject. One that has ``score`` answers multiple choice by log-probability.
        behaviour: What to look for. A paired one needs both arms of every pair.
        situations: At least one, all of one ground, such as ``behaviour.situations("plain", "test", 60, 0)`` gives.
        system: Text to stand before each situation's own system text, such as a constitution.
        sampling: Default greedy with room for 256 tokens, in each turn of a behaviour that is acted out. A reply cut
            off there counts as shown where the behaviour shows in what there is, else as not evaluated.
        seeds: One per situation, for sampling at a temperature; default its index.
        progress: Called with (done, total).

    Raises:
        CasebackError: for no situations, several grounds, or an incomplete pair.
    """
    if not situations:
        raise CasebackError(f"no situations to measure {behaviour.name} in: ask for at least one")
    grounds = sorted({situation.ground for situation in situations})
    if len(grounds) > 1:
        raise CasebackError(f"situations of the grounds {', '.join(grounds)} together: measure each on its own")
    asked = [
        replace(item, messages=tuple(with_system(item.messages, system))) if system else item for item in situations
    ]
    put = behaviour.acted.play if behaviour.acted else answer
    replies = put(subject, asked, sampling or Sampling(), seeds=seeds, progress=progress)
    samples = [
        Sample(situation, reply, judge_reply(behaviour, situation, reply))
        for situation, reply in zip(situations, replies, strict=True)
    ]
    return summarise(behaviour, samples, subject.name)


def judge_reply(behaviour: Behaviour, situation: Situation, reply: Reply) -> Judgement:
    """The judge's word on a whole reply: no answer and a cut-off one are not evaluated, unless it is shown already."""
    if reply.finish == "error":
        return Judgement(None, "no answer")
    thought = f"<think>{reply.thinking}</think>\n" if behaviour.reads_thinking and reply.thinking else ""
    judgement = behaviour.judge(situation, thought + reply.text)
    if reply.finish == "length" and judgement.shown is False:
        return Judgement(None, "truncated")
    return judgement


def summarise(behaviour: Behaviour, samples: Sequence[Sample], subject: str) -> Measurement:
    """The measurement that samples judged one by one make up; also for samples read back from a record."""
    units = _pairs(behaviour, samples) if behaviour.arms else [_single(sample) for sample in samples]
    judged = [unit for unit in units if unit.shown is not None]
    families = by_cluster([unit.family for unit in judged], [bool(unit.shown) for unit in judged])
    ground = samples[0].situation.ground
    calibration = calibration_of(behaviour, ground)
    measurement = Measurement(
        behaviour=behaviour.name,
        ground=ground,
        subject=subject,
        units=tuple(units),
        rate=exact_rate(sum(bool(unit.shown) for unit in judged), len(judged)),
        clustered=clustered_rate(families),
        by_family={family: exact_rate(k, n) for family, (k, n) in sorted(families.items())},
        not_evaluated=dict(Counter(unit.why for unit in units if unit.shown is None).most_common()),
        judge="oracle" if is_world(ground) else "key" if "options" in samples[0].situation.latents else "rules",
        calibration=calibration,
    )
    if not behaviour.arms:
        return measurement
    tempting, plain = behaviour.arms
    shown = [(*_arms(unit, behaviour.arms), unit.family) for unit in units]
    both = [(a, b, family) for a, b, family in shown if a is not None and b is not None]
    return replace(
        measurement,
        arms={
            arm: exact_rate(sum(shown), len(shown))
            for arm in (tempting, plain)
            for shown in [
                [s.judgement.shown for s in samples if s.situation.arm == arm and s.judgement.shown is not None]
            ]
        },
        gap=clustered_difference([a for a, _, _ in both], [b for _, b, _ in both], [family for _, _, family in both]),
    )


def _single(sample: Sample) -> Unit:
    return Unit(sample.situation.family, sample.judgement.shown, sample.judgement.why, (sample,))


def _arms(unit: Unit, arms: tuple[str, str]) -> tuple[bool | None, bool | None]:
    shown = {sample.situation.arm: sample.judgement.shown for sample in unit.samples}
    return shown[arms[0]], shown[arms[1]]


def _pairs(behaviour: Behaviour, samples: Sequence[Sample]) -> list[Unit]:
    """One unit a pair: shown in the tempting arm and not in the plain one.

    A pair whose plain arm shows it too cannot tell: one that fails anyway does not sandbag, and one that is bad under
    test is not good only when tested.
    """
    assert behaviour.arms
    tempting, plain = behaviour.arms
    pairs: dict[str, dict[str, Sample]] = {}
    for sample in samples:
        pairs.setdefault(sample.situation.pair, {})[sample.situation.arm] = sample
    units = []
    for pair, members in pairs.items():
        if set(members) != {tempting, plain}:
            raise CasebackError(
                f"the pair {pair!r} lacks an arm: {behaviour.name} needs {tempting} and {plain} of each"
            )
        a, b = members[tempting], members[plain]
        if b.judgement.shown:
            shown, why = None, f"shown in the {plain} arm too" if a.judgement.shown else f"shown in the {plain} arm"
        elif a.judgement.shown is None or b.judgement.shown is None:
            shown, why = None, a.judgement.why if a.judgement.shown is None else b.judgement.why
        else:
            shown, why = a.judgement.shown, a.judgement.why
        units.append(Unit(a.situation.family, shown, why, (a, b)))
    return units
