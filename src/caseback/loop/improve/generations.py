"""Generations: each model is trained by the judgement of the one before. Does alignment hold, drift or improve?

Inherited is only judgement: the model before writes all answers, criticisms and revisions, judges them, and so chooses
what is learnt. The weights are not: every generation begins as a fresh copy of the base. What stays the same throughout
are the constitution, the recipes, and one set of at most 200 labelled replies of the base, by which every critic's
threshold is set. The control of a generation is the base trained on as many tokens that the model before wrote,
unjudged: what imitation alone hands on.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from caseback.behaviours.registry import trained_against
from caseback.behaviours.tempting import shown_by
from caseback.constitution.default import default
from caseback.constitution.json_form import digest
from caseback.constitution.read import read
from caseback.constitution.render import compact
from caseback.disclosure.steps import write_steps
from caseback.dossier.dossier import open_dossier
from caseback.dossier.record import Record
from caseback.errors import CasebackError
from caseback.loop.arms import plan
from caseback.loop.budget import Budget
from caseback.loop.improve.fresh import fresh_plan
from caseback.loop.improve.lineage import lineage_body, lineage_page
from caseback.loop.job import Job
from caseback.loop.measured import measured
from caseback.loop.placed import placed
from caseback.loop.progress import Reporter
from caseback.loop.provenance import machine, record_constitution
from caseback.loop.stage import once
from caseback.loop.training import Both, Judge, make_data, record_data, run_situations, train_both
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.training.calibrate import calibrated_on
from caseback.training.critique import Calibration
from caseback.training.journal import Journal
from caseback.training.sample import seed_for
from caseback.world.reference import reference_path
from caseback.world.worlds import ground_taught, is_world


@dataclass(frozen=True)
class Lineage:
    """Where the generations ended: the body of their record, and the page that shows it."""

    body: Mapping[str, Any]
    page: Path


def generations(
    model: str | Path | None,
    constitution: str | Path | None,
    out: Path,
    *,
    count: int,
    budget: Budget,
    seed: int,
    console: Console,
) -> Lineage:
    """Train ``count`` generations, then measure all of them on situations drawn after the last was trained.

    Args:
        model: the base, a folder or hub id; default the embedded reference model.
        constitution: a file; default the one that comes along.
        out: folder for the dossier and the models; finished work in it is not done again.
        count: generations.
        budget: of each.
        seed: of everything random but the last situations, whose seed is drawn and recorded.
        console: for progress.

    Raises:
        CasebackError: for anything that the caller can mend.
    """
    found = trained_against()
    document = placed(read(constitution) if constitution else default(), found, console)
    spec = str(model or reference_path())
    base = load(spec)
    ground = ground_taught(base.model)
    with open_dossier(out / "dossier") as dossier:
        inputs = {"model": base.digest, "constitution": digest(document), "count": count, "seed": seed}
        inputs |= {"budget": asdict(budget)}
        for other in dossier.records("lineage"):
            if other.body["inputs"] != inputs:
                raise CasebackError(f"{out} holds generations of other inputs: name another --out")
        body = {"inputs": inputs, "machine": machine()}
        once(dossier, "lineage", inputs, seed, lambda: (body, {}))
        job = Job(
            dossier=dossier,
            reporter=Reporter(console, {}),
            model=spec,
            folder=out,
            constitution=document,
            context=compact(document, base.count_tokens).text,
            plan=plan(ground, found, document, budget, seed),
            budget=budget,
            seed=seed,
            reference=is_world(ground),
            parameters=base.parameters,
        )
        record_constitution(job)
        del base
        record = next(dossier.records("generations"), None) or _lineage(job, count, console)
        page = write_steps(out / "generations.html", out / "generations.json", lineage_page(record, document, dossier))
    return Lineage(record.body, page)


def _lineage(job: Job, count: int, console: Console) -> Record:
    """Train one after the other, then measure all on the same fresh situations."""
    line: list[Both] = []
    handed_on: list[dict[str, Any]] = []
    ended = ""
    for number in range(1, count + 1):
        before = str(line[-1].arm) if line else job.model
        console.print(f"\n[bold]Generation {number}[/] of {count}, by the judgement of {before}")
        part = replace(
            job,
            folder=job.folder / f"generation-{number}",
            seed=seed_for(job.seed, "generation", number),
            part=f"generation-{number}/",
        )
        judge = load(before)
        data = make_data(part, judge, run_situations(part), Judge(judge, _calibration(job, judge)))
        record_data(part, data)
        if not data.sft:
            ended = f"Generation {number} was not trained: {'; '.join(data.report['notes'])}."
            break
        handed_on.append(data.report)
        line.append(train_both(part, data, job.model))
    job = replace(job, plan=fresh_plan(job, {"models": [str(both.arm) for both in line]}))
    arms = [{"model": measured(job, load(job.model), "base", "measure the base")}]
    for number, both in enumerate(line, start=1):
        part = replace(job, part=f"generation-{number}/")
        model = measured(part, load(str(both.arm)), "model", f"measure generation {number}")
        control = measured(part, load(str(both.control)), "control", f"measure the control of generation {number}")
        arms.append({"model": model, "control": control})
    body = lineage_body(arms, handed_on, ended, job.plan.seed)
    evidence = [id for both in arms for arm in both.values() for id in arm.records]
    return once(job.dossier, "generations", {"seed": job.plan.seed}, job.seed, lambda: (body, {}), evidence)


def _calibration(job: Job, judge: OpenSubject) -> Calibration:
    """By the same labelled replies for every judge: those of the base, in the situations of the job's own seed."""
    with job.reporter.stage("set the critic's threshold"):
        found, _ = calibrated_on(
            judge,
            load(job.model),
            job.constitution,
            job.context,
            run_situations(job),
            partial(shown_by, job.plan.behaviours),
            seed=job.seed,
            max_new_tokens=job.budget.max_new_tokens,
            journal=Journal(job.folder / "labelled.jsonl"),
        )
    return found
