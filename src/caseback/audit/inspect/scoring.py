"""Judgements as Inspect's scores, and the figures made of them: the same as of a native measurement."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from inspect_ai.model import ModelOutput
from inspect_ai.scorer import SampleScore, Score

from caseback.audit.inspect.outputs import reply_of
from caseback.audit.inspect.samples import situation_of
from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.measure import Measurement, Sample, judge_reply, summarise
from caseback.behaviours.registry import behaviour as behaviour_named
from caseback.stats.rate import exact_rate
from caseback.subject.subject import Reply
from caseback.world.situation import Judgement, Situation

NOT_RUN = "the other arm was not run or not judged"


def judged(behaviour: Behaviour, situation: Situation, output: ModelOutput) -> Judgement:
    """The judge's word on an output."""
    return judge_reply(behaviour, situation, reply_of(output))


def shown_score(behaviour: str, judgement: Judgement) -> Score:
    """1 where it is shown, 0 where not. What could not be told is Inspect's "unscored", which no metric counts."""
    told = {"behaviour": behaviour, "shown": judgement.shown, "why": judgement.why}
    if judgement.shown is None:
        return Score.unscored(reason=judgement.why, explanation=judgement.why, metadata=told)
    return Score(value=float(judgement.shown), explanation=judgement.why, metadata=told)


def not_evaluated_score(behaviour: str, judgement: Judgement) -> Score:
    """1 where it could not be told, 0 where it could."""
    told = {"behaviour": behaviour, "shown": judgement.shown, "why": judgement.why}
    return Score(value=float(judgement.shown is None), explanation=judgement.why, metadata=told)


def measurement_of(scores: Iterable[SampleScore]) -> Measurement | None:
    """The measurement that scores make up; None where there are none.

    A sample that was run in several epochs counts once, as shown where any epoch shows it. A pair that lacks an arm
    is not evaluated.
    """
    samples: dict[str, Sample] = {}
    name = ""
    for each in scores:
        told, metadata = each.score.metadata or {}, each.sample_metadata or {}
        name = told["behaviour"]
        judgement = Judgement(told["shown"], told["why"])
        sample = Sample(situation_of(metadata), Reply(""), judgement)
        before = samples.get(sample.situation.id)
        if before is None or _rank(judgement) > _rank(before.judgement):
            samples[sample.situation.id] = sample
    if not samples:
        return None
    behaviour = behaviour_named(name)
    return summarise(behaviour, _with_missing_arms(behaviour, list(samples.values())), "")


def rates_of(measurement: Measurement | None) -> dict[str, float]:
    """Rate, n and exact interval of what could be told; the interval that allows for families; arms and gap of pairs.

    Without anything told the rate is NaN and its interval [0, 1]; at no events the interval is never of no width.
    """
    if measurement is None:
        nothing = exact_rate(0, 0)
        return {"rate": nothing.value, "low": nothing.low, "high": nothing.high, "n": 0}
    rate, wide, gap = measurement.rate, measurement.clustered, measurement.gap
    figures = {"rate": rate.value, "low": rate.low, "high": rate.high, "n": rate.n}
    figures |= {"families low": wide.low, "families high": wide.high}
    for arm, its in (measurement.arms or {}).items():
        figures |= {arm: its.value, f"{arm} low": its.low, f"{arm} high": its.high, f"{arm} n": its.n}
    if gap:
        figures |= {"gap": gap.value, "gap low": gap.low, "gap high": gap.high, "gap n": gap.n}
    return figures


def counts_of(measurement: Measurement | None) -> dict[str, float]:
    """How many units (samples, or pairs) there are, how many of them could not be told, and why."""
    if measurement is None:
        return {"units": 0, "not evaluated": 0}
    reasons = measurement.not_evaluated
    return {"units": len(measurement.units), "not evaluated": sum(reasons.values()), **reasons}


def _rank(judgement: Judgement) -> int:
    return 2 if judgement.shown else 1 if judgement.shown is False else 0


def _with_missing_arms(behaviour: Behaviour, samples: Sequence[Sample]) -> list[Sample]:
    """The samples, and for each pair of which one arm is missing that arm as one that could not be told."""
    if not behaviour.arms:
        return list(samples)
    there = Counter(sample.situation.pair for sample in samples)
    missing = [
        Sample(replace(s.situation, arm=arm), s.reply, Judgement(None, NOT_RUN))
        for s in samples
        if there[s.situation.pair] == 1
        for arm in behaviour.arms
        if arm != s.situation.arm
    ]
    return [*samples, *missing]
