"""The training steps of a run: data from the constitution, and a model from the data, both recorded."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from caseback.behaviours.harmless import harmless_situations
from caseback.behaviours.tempting import shown_by, tempting_situations
from caseback.dossier.samples import put_samples
from caseback.loop.job import Job
from caseback.loop.stage import once
from caseback.subject.open_subject import OpenSubject
from caseback.training.constitutional import ConstitutionalData, DataBudget, constitutional_data
from caseback.training.datum import Datum
from caseback.training.recipe import recipe_for
from caseback.training.train import train


def make_data(job: Job, subject: OpenSubject) -> ConstitutionalData:
    """Training data from the situations of the train split; the journal keeps a killed run from repeating anything."""
    behaviours = job.plan.behaviours
    tempting = tempting_situations(behaviours, job.plan.ground, "train", job.budget.trained, job.seed)
    harmless = harmless_situations(job.plan.ground, len(tempting), job.seed)

    with job.reporter.stage("make training data") as tick:
        data = constitutional_data(
            subject,
            job.constitution,
            tempting,
            harmless,
            seed=job.seed,
            label=partial(shown_by, behaviours),
            budget=DataBudget(max_new_tokens=job.budget.max_new_tokens),
            cache=job.folder / "data",
            progress=tick,
        )

    def work() -> tuple[dict[str, Any], dict[str, str]]:
        parts = {
            "sft": data.sft,
            "preferences": data.preferences,
            "control": data.control,
            "control_preferences": data.control_preferences,
        }
        kept = {name: put_samples(job.dossier, map(asdict, rows)) for name, rows in parts.items()}
        return {"report": data.report}, {**kept, "texts": put_samples(job.dossier, data.texts)}

    once(job.dossier, "training_data", {"report": data.report}, job.seed, work)
    return data


def train_arm(
    job: Job, title: str, arm: str, method: str, start: str, data: Sequence[Datum], control_of: str = ""
) -> Path:
    """Train one arm from the model at ``start``; the folder of the trained model."""
    recipe = recipe_for(method, job.parameters, job.seed)
    with job.reporter.stage(title) as tick:
        trained = train(recipe, start, data, job.folder / "models" / arm, progress=tick)

    def work() -> tuple[dict[str, Any], dict[str, str]]:
        body = {
            "arm": arm,
            "method": method,
            "recipe": recipe.as_dict(),
            "examples": trained.examples,
            "dropped": trained.dropped,
            "tokens": trained.tokens,
            "target_tokens": trained.target_tokens,
            "seconds": trained.seconds,
            "loss": [[step, loss] for step, loss in enumerate(trained.losses, start=1)],
            "seed": job.seed,
            "control_of": control_of or None,
        }
        return body, {"data": put_samples(job.dossier, map(asdict, data))}

    made = [record.id for record in job.dossier.records("training_data")]
    once(job.dossier, "training", {"arm": arm, "fingerprint": trained.fingerprint}, job.seed, work, made)
    return trained.path
