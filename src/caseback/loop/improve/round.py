"""One round: the accepted changes become data, a model and its control, and are measured on fresh situations."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.constitution.render import compact
from caseback.dossier.dossier import read_dossier
from caseback.loop.arms import Arm, plan
from caseback.loop.improve.decide import Decision, decide
from caseback.loop.improve.fresh import fresh_plan, heard_in, words
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

SHARES = {
    "make training data": 30.0,
    "rehearse": 3.0,
    "train: supervised": 10.0,
    "train the control: supervised": 10.0,
    "train: preferences": 10.0,
    "train the control: preferences": 10.0,
    "measure the model before": 10.0,
    "measure the repaired model": 10.0,
    "measure the control": 10.0,
}


@dataclass(frozen=True)
class Measured:
    """A round's models, measured on the same fresh situations. ``model`` is where the repaired one lies; ``repeated``
    counts the situations, of ``asked``, whose very words were asked before in this dossier or in the run."""

    before: Arm
    repaired: Arm
    control: Arm
    decision: Decision
    model: Path
    fresh_seed: int
    repeated: int
    asked: int


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
    data = make_data(job, subject, _tempting(job, made_from), judge)
    data = _rehearsed(job, data, subject, judge, made_from)
    record_data(job, data)
    if not data.sft:
        return "; ".join(["nothing was trained", *data.report["notes"]])
    both = train_both(job, data, model)
    heard = heard_before(work, job.part)
    job = replace(job, plan=fresh_plan(job, {"model": model, "repaired": str(both.arm)}))
    before = measured(job, load(model), "before", "measure the model before")
    repaired = measured(job, load(str(both.arm)), "repaired", "measure the repaired model")
    control = measured(job, load(str(both.control)), "control", "measure the control")
    asked = [words(s.messages) for drawn in job.plan.situations.values() for s in drawn]
    return Measured(
        before,
        repaired,
        control,
        decision=decide(before, repaired, control, work.rounds),
        model=both.arm,
        fresh_seed=job.plan.seed,
        repeated=sum(said in heard for said in asked),
        asked=len(asked),
    )


def heard_before(work: Work, part: str) -> frozenset[str]:
    """Situations that the run or an earlier round asked, by their words."""
    with read_dossier(work.start.run / "dossier") as run:
        return heard_in(run) | heard_in(work.dossier, without=(part,))


def _tempting(job: Job, made_from: RoundPlan) -> list[Situation]:
    """As many of each behaviour as the plan says, a pair counting as two."""
    splits: dict[Split, Mapping[str, int]] = {"train": made_from.tempting, "dev": made_from.unseen}
    return [
        situation
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
