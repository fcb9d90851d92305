"""Measure one arm of a run: capability, every behaviour and over-refusal, on the same held-out situations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caseback.behaviours.behaviour import Behaviour, Ground
from caseback.behaviours.capability import able, capability_situations, measure_capability
from caseback.behaviours.clauses import per_clause
from caseback.behaviours.measure import Measurement, Sample, measure, summarise
from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.constitution.clause import Constitution
from caseback.dossier.dossier import Dossier
from caseback.dossier.record import Record
from caseback.dossier.samples import put_samples, samples
from caseback.loop.budget import Budget
from caseback.loop.progress import Tick
from caseback.loop.records import capability_data, clause_rates_data, measurement_data, sample_rows
from caseback.loop.stage import once
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.rate import Rate
from caseback.subject.subject import Reply, Sampling, Subject
from caseback.world.situation import Judgement, Situation, Split


@dataclass(frozen=True)
class Plan:
    """What every arm of a run is measured by: the same situations, drawn once from one split."""

    ground: Ground
    behaviours: Mapping[str, Behaviour]
    situations: Mapping[str, Sequence[Situation]]
    questions: Sequence[Situation]
    constitution: Constitution
    budget: Budget
    seed: int
    split: Split = "test"


@dataclass(frozen=True)
class Arm:
    """One arm, measured. ``capability`` is its rate of right answers, ``right`` those answers one by one; ``unable``
    says why nothing can be told from its behaviour, empty where it can; ``records`` are the ids of the evidence."""

    measurements: Mapping[str, Measurement]
    capability: Rate
    right: tuple[bool, ...]
    unable: str
    records: tuple[str, ...]


def plan(
    ground: Ground,
    behaviours: Mapping[str, Behaviour],
    constitution: Constitution,
    budget: Budget,
    seed: int,
    split: Split = "test",
) -> Plan:
    """Draw the situations of every behaviour, of over-refusal, and the questions of ability."""
    everything = {**behaviours, OVER_REFUSAL.name: OVER_REFUSAL}
    counts = dict.fromkeys(behaviours, budget.measured) | {OVER_REFUSAL.name: budget.harmless}
    drawn = {name: found.situations(ground, split, counts[name], seed) for name, found in everything.items()}
    questions = capability_situations(ground, budget.capability, seed, split)
    return Plan(ground, everything, drawn, questions, constitution, budget, seed, split)


def violations_rate(arm: Arm) -> Rate:
    """How often the document was gone against, over all behaviours and over-refusal, clustered by family."""
    units = [unit for found in arm.measurements.values() for unit in found.units if unit.shown is not None]
    return clustered_rate(by_cluster([unit.family for unit in units], [bool(unit.shown) for unit in units]))


def measure_arm(dossier: Dossier, plan: Plan, subject: Subject, arm: str, tick: Tick, system: str | None = None) -> Arm:
    """Measure the subject in every situation of the plan, recorded with every sample.

    Args:
        dossier: where it is recorded; what it holds already is not measured again.
        plan: the situations.
        subject: the model of this arm.
        arm: its name in the record, such as ``before`` or ``prompted``.
        tick: progress over all of it.
        system: a text that stands before every situation's system text.
    """
    total = len(plan.questions) + sum(map(len, plan.situations.values()))
    done = len(plan.questions)
    asked = _capability(dossier, plan, subject, arm, system, _shift(tick, 0, total))
    ability = asked.body
    right = tuple(row["judgement"]["shown"] is True for row in samples(dossier, asked.artefacts["samples"]))
    unable = "" if ability["able"] else str(ability["why"])
    measurements = {}
    records = [asked.id]
    for name, behaviour in plan.behaviours.items():
        part = _shift(tick, done, total)
        record = _behaviour(dossier, plan, subject, arm, behaviour, system, unable, part)
        found = _samples(dossier, record, plan.situations[name])
        measurements[name] = summarise(behaviour, found, subject.name)
        records.append(record.id)
        done += len(plan.situations[name])
        tick(done, total)
    body = clause_rates_data(arm, per_clause(list(measurements.values()), plan.constitution))
    inputs = {"arm": arm, "subject": subject.digest, "rates": body}
    once(dossier, "clause_rates", inputs, plan.seed, lambda: (body, {}), records[1:])
    return Arm(measurements, Rate(**ability["rate"]), right, unable, tuple(records))


def _capability(dossier: Dossier, plan: Plan, subject: Subject, arm: str, system: str | None, tick: Tick) -> Record:
    def work() -> tuple[dict[str, Any], dict[str, str]]:
        found = measure_capability(
            subject, plan.questions, system=system, sampling=Sampling(plan.budget.max_new_tokens), progress=tick
        )
        return capability_data(found, arm, *able(found)), {"samples": put_samples(dossier, sample_rows(found.samples))}

    inputs = _inputs(plan, subject, arm, "capability", plan.questions, system)
    return once(dossier, "capability", inputs, plan.seed, work)


def _behaviour(
    dossier: Dossier,
    plan: Plan,
    subject: Subject,
    arm: str,
    behaviour: Behaviour,
    system: str | None,
    unable: str,
    tick: Tick,
) -> Record:
    situations = plan.situations[behaviour.name]

    def work() -> tuple[dict[str, Any], dict[str, str]]:
        found = measure(
            subject, behaviour, situations, system=system, sampling=Sampling(plan.budget.max_new_tokens), progress=tick
        )
        body = measurement_data(found, arm, plan.split, unable)
        return body, {"samples": put_samples(dossier, sample_rows(found.samples))}

    inputs = _inputs(plan, subject, arm, behaviour.name, situations, system)
    return once(dossier, "measurement", inputs, plan.seed, work)


def _inputs(
    plan: Plan, subject: Subject, arm: str, what: str, situations: Sequence[Situation], system: str | None
) -> dict[str, Any]:
    return {
        "arm": arm,
        "what": what,
        "subject": subject.digest,
        "system": system or "",
        "situations": [situation.id for situation in situations],
        "max_new_tokens": plan.budget.max_new_tokens,
    }


def _samples(dossier: Dossier, record: Record, situations: Sequence[Situation]) -> list[Sample]:
    """The samples as the record keeps them; what was just measured is read back too, so a resumed run is the same."""
    by_id = {situation.id: situation for situation in situations}
    return [
        Sample(
            by_id[row["situation"]["id"]],
            Reply(row["reply"]["text"], row["reply"]["thinking"], row["reply"]["finish"]),
            Judgement(row["judgement"]["shown"], row["judgement"]["why"]),
        )
        for row in samples(dossier, record.artefacts["samples"])
    ]


def _shift(tick: Tick, done: int, total: int) -> Tick:
    return lambda part, _: tick(done + part, total)
