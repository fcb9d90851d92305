"""The main job: from a constitution and a model to a trained model and a card, resumable at every step."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from caseback import __version__
from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.behaviours.registry import trained_against
from caseback.constitution.default import default
from caseback.constitution.json_form import digest
from caseback.constitution.read import read
from caseback.constitution.render import compact
from caseback.disclosure.write import write_card
from caseback.dossier.dossier import open_dossier
from caseback.errors import CasebackError
from caseback.loop.arms import Arm, plan
from caseback.loop.audited import AUDIT, audited, calibration_for
from caseback.loop.budget import SMALL, Budget
from caseback.loop.job import Job
from caseback.loop.measured import measured
from caseback.loop.placed import placed
from caseback.loop.progress import Reporter
from caseback.loop.provenance import command, machine, record_constitution
from caseback.loop.records import change_data
from caseback.loop.stage import once
from caseback.loop.training import make_data, record_data, run_situations, train_both
from caseback.loop.verdict import Change, Verdict, capability_change, change, verdict
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.world.reference import reference_path
from caseback.world.worlds import ground_taught, is_world

SHARES = {
    "measure the model as it is": 10.0,
    "measure it with the constitution in view": 12.0,
    "make training data": 40.0,
    "train: supervised": 15.0,
    "train: preferences": 15.0,
    "train the control: supervised": 15.0,
    "train the control: preferences": 15.0,
    "measure after supervised training": 10.0,
    "measure the trained model": 10.0,
    "measure the control": 10.0,
    AUDIT: 8.0,
}
"""What the stages take of the default run, in any unit: only the time left is told from it."""


@dataclass(frozen=True)
class Outcome:
    """Where a run ended. ``arms`` are the measured arms by name; ``model`` is the trained one, if any was trained."""

    verdict: Verdict
    changes: tuple[Change, ...]
    arms: dict[str, Arm]
    card: Path
    model: Path | None


def run(
    model: str | Path | None = None,
    constitution: str | Path | None = None,
    out: str | Path | None = None,
    *,
    budget: Budget = SMALL,
    seed: int = 0,
    calibration: str | Path | None = None,
    console: Console | None = None,
) -> Outcome:
    """Train a model towards a constitution by its own critique and revision, measured before and after.

    Args:
        model: a folder or hub id of a decoder language model; default the embedded reference model.
        constitution: a file in any form that ``caseback constitution`` reads; default the one that comes along.
        out: a folder for the dossier, the trained models and the card; default ``runs/`` and the model's name. Where
            it holds a run of the same inputs, that run goes on from where it stopped.
        budget: how much is measured and made, ``SMALL`` or ``FULL`` or one of your own.
        seed: of everything random.
        calibration: calibration.json of ``caseback calibrate``, by which the trained model is audited; default the one
            that ships, if any, for the reference world only.
        console: where progress is printed; default standard error.

    Raises:
        CasebackError: for anything that the caller can mend; the dossier stays intact.
    """
    console = console or Console(stderr=True)
    document = read(constitution) if constitution else default()
    if not document.clauses:
        raise CasebackError(f"{constitution}: no clauses in it; see `caseback constitution check {constitution}`")
    found = trained_against()
    document = placed(document, found, console)
    spec = str(model or reference_path())
    folder = Path(out or Path("runs") / Path(spec).name)
    console.print(f"[bold]caseback[/] {__version__}: {spec} towards “{document.title}”, into {folder}", highlight=False)
    subject = load(spec)
    ground = ground_taught(subject.model)
    by, why_not = calibration_for(ground, is_world(ground), Path(calibration) if calibration else None)
    context = compact(document, subject.count_tokens)
    with open_dossier(folder / "dossier") as dossier:
        inputs = {"model": subject.digest, "constitution": digest(document), "budget": asdict(budget), "seed": seed}
        for other in dossier.records("run"):
            if other.body["inputs"] != inputs:
                raise CasebackError(
                    f"{folder} holds a run with another model, constitution, budget or seed: name another --out"
                )
        body = {
            "command": command(model, constitution, out, budget, seed),
            "version": __version__,
            "seed": seed,
            "inputs": inputs,
            "budget": asdict(budget),
            "machine": machine(),
            "left_out_of_compact": list(context.left_out),
        }
        once(dossier, "run", {"inputs": inputs}, seed, lambda: (body, {}))
        scheme = plan(ground, found, document, budget, seed)
        reporter = Reporter(console, {what: share for what, share in SHARES.items() if by or what != AUDIT})
        job = Job(
            dossier=dossier,
            reporter=reporter,
            model=spec,
            folder=folder,
            constitution=document,
            context=context.text,
            plan=scheme,
            budget=budget,
            seed=seed,
            reference=is_world(ground),
            parameters=subject.parameters,
        )
        record_constitution(job)
        return _work(job, subject, by, why_not)


def _work(job: Job, subject: OpenSubject, calibration: Mapping[str, Any] | None, why_not: str) -> Outcome:
    """All stages in order, each recorded as it ends."""
    arms = {"before": measured(job, subject, "before", "measure the model as it is")}
    if arms["before"].unable:
        return _close(job, arms, "before", arms["before"].unable)
    arms["prompted"] = measured(job, subject, "prompted", "measure it with the constitution in view", job.context)
    data = make_data(job, subject, run_situations(job), acted=job.budget.acted)
    record_data(job, data)
    if not data.sft:
        return _close(job, arms, "before", "; ".join(["nothing was trained", *data.report["notes"]]))
    base_digest = subject.digest
    del subject
    both = train_both(job, data, job.model)
    if both.method == "dpo":
        supervised = str(job.folder / "models" / "sft")
        arms["sft"] = measured(job, load(supervised), "sft", "measure after supervised training")
    arms[both.method] = measured(job, load(str(both.arm)), both.method, "measure the trained model")
    arms["control"] = measured(job, load(str(both.control)), "control", "measure the control")
    audited(job, both.arm, both.method, base_digest, calibration, why_not)
    return _close(job, arms, both.method, "", both.arm)


def _close(job: Job, arms: dict[str, Arm], final: str, unable: str, model: Path | None = None) -> Outcome:
    """The verdict, and the card."""
    before, after = arms["before"].measurements, arms[final].measurements
    names = [name for name in before if name != OVER_REFUSAL.name]
    confidence = 0.95  # of each interval; the verdict allows for the number of behaviours
    changes = tuple(change(before[name], after[name], confidence) for name in names)
    against = {}
    if "control" in arms:
        control = arms["control"].measurements
        against = {name: change(control[name], after[name], confidence) for name in names}
    else:
        job.not_measured("training, and every arm after it", unable)
    found = verdict(
        changes,
        against,
        capability_change(arms["before"].right, arms[final].right),
        change(before[OVER_REFUSAL.name], after[OVER_REFUSAL.name]),
        unable,
    )
    body = {**asdict(found), "reasons": list(found.reasons), "final": final, "confidence": confidence,
            "changes": [change_data(item) for item in changes],
            "against_control": [change_data(item) for item in against.values()]}  # fmt: skip
    evidence = [record for arm in arms.values() for record in arm.records]
    once(job.dossier, "verdict", body, job.seed, lambda: (body, {}), evidence)
    card = write_card(job.dossier, job.folder / "card.html")
    return Outcome(found, changes, arms, card, model)
