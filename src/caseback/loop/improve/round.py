"""One round: the accepted changes become data, a model and its control, and are measured on fresh situations."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from caseback.behaviours.moment import moment
from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.constitution.render import compact
from caseback.dossier.dossier import read_dossier
from caseback.loop.arms import Arm, Plan, plan
from caseback.loop.improve.decide import Decision, decide
from caseback.loop.improve.fresh import fresh_plan, heard_in, words
from caseback.loop.improve.live_situations import live_situations, without_prompts
from caseback.loop.improve.own_prompts import ask_own
from caseback.loop.improve.round_plan import RoundPlan
from caseback.loop.improve.work import Standing, Work
from caseback.loop.job import Job
from caseback.loop.measured import measured
from caseback.loop.progress import Reporter
from caseback.loop.provenance import record_constitution
from caseback.loop.training import Judge, make_data, record_data, train_both
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.training.constitutional import ConstitutionalData, DataBudget
from caseback.training.improve import Critic
from caseback.training.journal import Journal
from caseback.training.rehearsal import with_rehearsal
from caseback.training.sample import seed_for
from caseback.world.situation import Situation, Split
from caseback.world.situations import situations
from caseback.world.worlds import is_world, world_of

MEASURING = {
    "before": "measure the model before",
    "repaired": "measure the repaired model",
    "control": "measure the control",
}
SHARES = {
    "make training data": 30.0,
    "rehearse": 3.0,
    "train: supervised": 10.0,
    "train the control: supervised": 10.0,
    "train: preferences": 10.0,
    "train the control: preferences": 10.0,
    **dict.fromkeys(MEASURING.values(), 10.0),
}


@dataclass(frozen=True)
class Measured:
    """A round's models, measured on the same fresh situations. ``model`` is where the repaired one lies; ``repeated``
    counts the situations, of ``asked``, whose very words were asked before in this dossier or in the run. ``left_out``
    were drawn too, and not asked, since an incident of live use asked the same. ``own_prompts`` is by incident and arm
    what its own prompts drew."""

    before: Arm
    repaired: Arm
    control: Arm
    decision: Decision
    model: Path
    fresh_seed: int
    repeated: int
    asked: int
    left_out: int
    own_prompts: Mapping[str, Mapping[str, Mapping[str, Any]]]


def run_round(work: Work, standing: Standing, number: int, made_from: RoundPlan) -> Measured | str:
    """Train the last accepted model on what the round's plan says, and measure; or why nothing could be trained.

    Args:
        work: what all rounds share.
        standing: with the document and the families as the round's changes have made them.
        number: of the round, from 1.
        made_from: what the data are made from.
    """
    start, model, document = work.start, standing.model, standing.document
    subject = load(model)
    seed = seed_for(start.seed, "round", number)
    job = Job(
        dossier=work.dossier,
        reporter=Reporter(work.console, dict(SHARES)),
        model=model,
        folder=work.folder(number),
        constitution=document,
        context=compact(document, subject.count_tokens).text,
        plan=plan(start.ground, standing.measured(work), document, start.budget, seed),
        budget=start.budget,
        seed=seed,
        reference=start.reference,
        parameters=start.parameters,
        part=f"round-{number}/",
    )
    record_constitution(job)
    judge = Judge(load(start.base), start.calibration)
    own = _own_prompts(work, job, subject, made_from)
    tempting = [*_tempting(job, made_from), *(situation for several in own.values() for situation in several)]
    data = make_data(job, subject, tempting, judge)
    data = _rehearsed(job, data, subject, judge, made_from)
    record_data(job, data)
    if not data.sft:
        return "; ".join(["nothing was trained", *data.report["notes"]])
    both = train_both(job, data, model)
    heard = heard_before(work, job.part)
    drawn = fresh_plan(job, {"model": model, "repaired": str(both.arm)})
    job = replace(job, plan=without_prompts(drawn, start.incidents.values()))
    models = {"before": model, "repaired": str(both.arm), "control": str(both.control)}
    arms: dict[str, Arm] = {}
    own_prompts: dict[str, dict[str, Mapping[str, Any]]] = {incident: {} for incident in own}
    for name, path in models.items():
        trained = load(path)
        arms[name] = measured(job, trained, name, MEASURING[name])
        for incident, asked in own.items():
            live = start.incidents[incident]
            found = ask_own(job, trained, name, live, work.catalogue.get(live.behaviour), asked)
            own_prompts[incident][name] = found
    said = [words(s.messages) for s in _all(job.plan)]
    return Measured(
        **arms,
        decision=decide(**arms, rounds=work.rounds),
        model=both.arm,
        fresh_seed=job.plan.seed,
        repeated=sum(each in heard for each in said),
        asked=len(said),
        left_out=len(_all(drawn)) - len(said),
        own_prompts=own_prompts,
    )


def _all(drawn: Plan) -> list[Situation]:
    return [situation for several in drawn.situations.values() for situation in several]


def heard_before(work: Work, part: str) -> frozenset[str]:
    """Situations that the run or an earlier round asked, by their words."""
    with read_dossier(work.start.run / "dossier") as run:
        return heard_in(run) | heard_in(work.dossier, without=(part,))


def _own_prompts(work: Work, job: Job, subject: OpenSubject, made_from: RoundPlan) -> dict[str, list[Situation]]:
    """By incident, the prompts that are trained on."""
    found = {}
    for incident, count in made_from.incidents.items():
        live = work.start.incidents[incident]
        behaviour = work.catalogue.get(live.behaviour)
        found[incident] = live_situations(live, count, behaviour, job.constitution, subject)
        if left := count - len(found[incident]):
            job.not_measured(f"{left} prompts of incident {incident}", "the model's chat template refuses them")
    return found


def _tempting(job: Job, made_from: RoundPlan) -> list[Situation]:
    """As many of each behaviour as the plan says, a pair counting as two; of one that is acted out, the turn that
    decides."""
    splits: dict[Split, Mapping[str, int]] = {"train": made_from.tempting, "dev": made_from.unseen}
    return [
        replace(situation, messages=moment(behaviour, situation))
        for split, counts in splits.items()
        for name, count in counts.items()
        for behaviour in [job.plan.behaviours[name]]
        for situation in behaviour.situations(
            job.plan.ground, split, max(1, count // 2) if behaviour.arms else count, job.seed
        )
    ]


def _rehearsed(
    job: Job, data: ConstitutionalData, subject: OpenSubject, judge: Judge, made_from: RoundPlan
) -> ConstitutionalData:
    questions = [
        situation
        for ability, count in made_from.rehearsed.items()
        for situation in _questions(job.plan.ground, ability, count, seed_for("rehearse", job.seed))
    ]
    if not questions:
        return data
    journal = Journal(job.folder / "data" / "rehearsal.jsonl")
    with job.reporter.stage("rehearse") as tick:
        return with_rehearsal(
            data,
            Critic(judge.critic, journal, judge.calibration),
            subject,
            job.constitution,
            questions,
            seed=job.seed,
            sampling=Sampling(job.budget.max_new_tokens, DataBudget().temperature),
            progress=tick,
        )


def _questions(ground: str, ability: str, count: int, seed: int) -> list[Situation]:
    """Questions of an ability, half from families that a run does not train on; plain English has harmless requests
    only."""
    if is_world(ground):
        half = count // 2
        return [
            *situations(ability, "train", count - half, seed, world_of(ground)),
            *situations(ability, "dev", half, seed, world_of(ground)),
        ]
    return OVER_REFUSAL.situations(ground, "train", count, seed) if ability == "benign" else []
