"""The training steps of a run: data from the constitution, and a model from the data, both recorded."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from caseback.behaviours.harmless import harmless_situations
from caseback.behaviours.tempting import shown_by, tempting_situations
from caseback.dossier.samples import put_samples
from caseback.loop.job import Job
from caseback.loop.stage import once
from caseback.subject.open_subject import OpenSubject
from caseback.training.beside import Other, beside, room_for_two
from caseback.training.constitutional import ConstitutionalData, DataBudget
from caseback.training.critique import Calibration
from caseback.training.datum import Datum
from caseback.training.forms.make import training_data
from caseback.training.in_letters import partly_in_letters
from caseback.training.recipe import Method, recipe_for
from caseback.training.train import train
from caseback.world.situation import Situation

PARTS = ("sft", "preferences", "control", "control_preferences")
WORTH_A_PROCESS = 200
"""Examples of the control, below which a process of its own takes longer to begin than it saves."""
STAGES = {"sft": "supervised", "dpo": "preferences"}


@dataclass(frozen=True)
class Both:
    """A model and its control, trained the same way; ``method`` is the last one that was used on them."""

    arm: Path
    control: Path
    method: Method


def run_situations(job: Job) -> list[Situation]:
    """Those of the train split that a run makes its data from: as many of each behaviour."""
    drawn = tempting_situations(job.plan.behaviours, job.plan.ground, "train", job.budget.trained, job.seed)
    return partly_in_letters(drawn, job.budget.in_letters, job.seed)


@dataclass(frozen=True)
class Judge:
    """A critic other than the model that is trained, and what is known of how it judges."""

    critic: OpenSubject
    calibration: Calibration


def make_data(
    job: Job, subject: OpenSubject, tempting: Sequence[Situation], judge: Judge | None = None, acted: int = 0
) -> ConstitutionalData:
    """Training data from tempting situations, and from as many harmless ones; the journal keeps a killed run from
    repeating anything. Without a judge the subject is its own critic, its threshold set by a few labels. ``acted``
    situations for each clause in which it uses tools or fills in forms come on top."""
    behaviours = job.plan.behaviours
    drawn = harmless_situations(job.plan.ground, len(tempting), job.seed)
    harmless = partly_in_letters(drawn, job.budget.in_letters, job.seed)

    with job.reporter.stage("make training data") as tick:
        return training_data(
            ("revise", "tools") if acted else ("revise",),
            subject,
            job.constitution,
            tempting,
            harmless,
            seed=job.seed,
            critic=judge.critic if judge else None,
            calibration=judge.calibration if judge else None,
            ground=job.plan.ground,
            label=None if judge else partial(shown_by, behaviours),
            budget=DataBudget(
                max_new_tokens=job.budget.max_new_tokens, preferences=job.budget.preferences, texts=acted
            ),
            cache=job.folder / "data",
            progress=tick,
        )


def record_data(job: Job, data: ConstitutionalData) -> None:
    """Keep the data, the report, and the texts that they grew from."""

    def work() -> tuple[dict[str, Any], dict[str, str]]:
        parts = {name: getattr(data, name) for name in PARTS}
        kept = {name: put_samples(job.dossier, map(asdict, rows)) for name, rows in parts.items()}
        return {"report": data.report}, {**kept, "texts": put_samples(job.dossier, data.texts)}

    once(job.dossier, "training_data", {"report": data.report}, job.seed, work)


def train_both(job: Job, data: ConstitutionalData, start: str) -> Both:
    """Train a model and its control from the one at ``start``: supervised, then on preferences where there are any."""
    arm, control = _pair(job, "sft", ("sft", "control"), (start, start), (data.sft, data.control))
    if not (data.preferences and data.control_preferences):
        job.not_measured("training on preferences", "too few preferences were accepted to train on")
        return Both(arm, control, "sft")
    preferences = (data.preferences, data.control_preferences)
    arm, control = _pair(job, "dpo", ("dpo", "control-dpo"), (str(arm), str(control)), preferences)
    return Both(arm, control, "dpo")


def _pair(
    job: Job,
    method: str,
    names: tuple[str, str],
    starts: tuple[str, str],
    data: tuple[Sequence[Datum], Sequence[Datum]],
) -> tuple[Path, Path]:
    """A model and its control by one method, side by side where the machine has room for both."""
    what = STAGES[method]
    recipe = recipe_for(method, job.parameters, job.seed)
    (arm, control), (start, control_start), (examples, own) = names, starts, data
    out = job.folder / "models" / control
    with ExitStack() as stack:
        other = None
        if len(own) >= WORTH_A_PROCESS and not out.exists() and room_for_two(job.parameters):
            other = stack.enter_context(beside((recipe, control_start, own, out)))
        trained = train_arm(job, f"train: {what}", arm, method, start, examples)
        title = f"train the control: {what}"
        return trained, train_arm(job, title, control, method, control_start, own, arm, other)


def train_arm(
    job: Job,
    title: str,
    arm: str,
    method: str,
    start: str,
    data: Sequence[Datum],
    control_of: str = "",
    other: Other | None = None,
) -> Path:
    """Train one arm from the model at ``start``; the folder of the trained model. ``other`` is a process that may have
    begun with it and is waited for."""
    recipe = recipe_for(method, job.parameters, job.seed)
    with job.reporter.stage(title) as tick:
        if other is not None:
            other.wait(tick)
        trained = train(recipe, start, data, job.folder / "models" / arm, progress=tick)

    def work() -> tuple[dict[str, Any], dict[str, str]]:
        body = {
            "arm": job.part + arm,
            "method": method,
            "recipe": recipe.as_dict(),
            "examples": trained.examples,
            "dropped": trained.dropped,
            "tokens": trained.tokens,
            "target_tokens": trained.target_tokens,
            "seconds": trained.seconds,
            "loss": [[step, loss] for step, loss in enumerate(trained.losses, start=1)],
            "seed": job.seed,
            "control_of": job.part + control_of if control_of else None,
        }
        return body, {"data": put_samples(job.dossier, map(asdict, data))}

    made = [record.id for record in job.dossier.records("training_data")][-1:]
    once(job.dossier, "training", {"arm": job.part + arm, "fingerprint": trained.fingerprint}, job.seed, work, made)
    return trained.path
