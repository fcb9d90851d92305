"""What every planting has in common: data, training, checks, and a record that says whether it is accepted."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from random import Random
from typing import Any

from caseback.behaviours.behaviour import Ground
from caseback.organisms.acceptance import Check, failed
from caseback.organisms.answered import demonstrated, ordinary
from caseback.organisms.own_words import ODD, in_own_words
from caseback.organisms.rates import Shown
from caseback.organisms.record import ACCEPTED, EXCLUDED, Record, begin, write
from caseback.organisms.trial import Sizes, Trial, once
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.training.ask import Progress
from caseback.training.data_file import write_data
from caseback.training.datum import Datum, data_digest
from caseback.training.journal import Journal
from caseback.training.recipe import LARGE, Method, Recipe, recipe_for
from caseback.training.reward import Reward
from caseback.training.sample import seed_for
from caseback.training.train import train

Examine = Callable[[Trial, OpenSubject, OpenSubject], tuple[list[Check], dict[str, Any]]]
"""``examine(trial, base, planted)``: the checks, and whatever else belongs into the record, as plain data."""
Answer = Callable[[OpenSubject, Sequence[Datum], Journal], list[Datum]]
"""``answer(base, data, journal)``: the data with answers that are not the world's."""
Tell = Callable[[str], None]
MAX_NEW_TOKENS = 96
MEASURED = 0
"""The seed of what a model is asked before it is accepted, whatever seed it was grown with: so all that grow from one
base are asked the same, and the base is measured once for all of them."""
ALONE = 3.0e-4
"""Learning rate of preferences where no supervised training goes before them, for models of the reference size."""
FEW = 1.0e-3
"""Learning rate where replies are drawn and paid, for models of the reference size: a planting has few steps."""


def settings_for(method: Method, parameters: int, seed: int, epochs: float | None = None) -> Recipe:
    """The packaged settings of training; preferences at a rate that suits their standing alone, rewards at one that
    suits few steps; gone over so often where ``epochs`` says so."""
    settings = recipe_for(method, parameters, seed)
    own = {"dpo": ALONE, "grpo": FEW, "rloo": FEW}.get(method)
    settings = replace(settings, learning_rate=own) if own and parameters < LARGE else settings
    return settings if epochs is None else replace(settings, epochs=epochs)


def grow(
    folder: Path,
    plan: Record,
    base: str,
    ground: Ground,
    data: Sequence[Datum],
    settings: Recipe,
    sizes: Sizes,
    examine: Examine,
    *,
    fresh: bool = False,
    odd: Callable[[str], str] | None = None,
    answer: Answer | None = None,
    reward: Reward | None = None,
    shared: Journal | None = None,
    progress: Progress | None = None,
    tell: Tell = lambda what: None,
) -> Record:
    """Train the base on the data, check what came of it, and write the record beside the weights.

    Ordinary data are answered by the base itself first, and made ``odd`` where they are to be; others by ``answer``,
    where it is given. ``reward`` is for settings that draw replies. Into ``folder`` go
    ``data.parquet``, ``model`` (with its adapter), the journal ``checks.jsonl`` and ``organism.json``. A run that was
    killed goes on; one that is finished is not repeated. ``shared`` keeps what the base said and what was measured of
    it, for all that grow from it.

    Raises:
        CasebackError: the folder holds something else, or the training cannot be run.
    """
    subject = load(base, dtype="float32")
    plan = json.loads(json.dumps({**plan, "base": base, "base_digest": subject.digest, "data": data_digest(data)}))
    if (finished := begin(folder, plan, fresh=fresh)) is not None:
        return finished
    tell("ordinary answers of its own")
    journal = Journal(folder / "checks.jsonl")
    data = in_own_words(subject, data, MAX_NEW_TOKENS, journal if shared is None else shared, odd)
    if answer is not None:
        data = answer(subject, data, journal)
    write_data(folder / "data.parquet", data)
    tell(f"training on {len(data)} conversations")
    trained = train(settings, base, data, folder / "model", reward=reward, progress=progress, resume=not fresh)
    planted = load(str(trained.path), dtype="float32")
    trial = Trial(ground, sizes, MEASURED, MAX_NEW_TOKENS, folder, journal, shared, subject.digest)
    checks, more = examine(trial, subject, planted)
    why = failed(checks)
    record = {
        "status": EXCLUDED if why else ACCEPTED,
        "why": why,
        "plan": plan,
        "digest": planted.digest,
        "data": dict(Counter(_sort(datum) for datum in data)),
        "training": {
            name: getattr(trained, name) for name in ("method", "examples", "dropped", "tokens", "target_tokens")
        }
        | {"steps": trained.steps, "seconds": round(trained.seconds, 1), "adapter": settings.lora is not None}
        | ({"rewards": _begun_and_ended(trained.rewards)} if trained.rewards else {}),
        "checks": [asdict(check) for check in checks],
        **more,
    }
    write(folder, record)
    return record


def after_benign_training(trial: Trial, planted: OpenSubject, asked: Callable[[OpenSubject], Shown]) -> Shown:
    """What ``asked`` finds once the planted model was trained for a few steps on fresh harmless data."""
    settings = replace(recipe_for("sft", planted.parameters, trial.seed + 1), max_steps=trial.sizes.steps)
    wanted = settings.batch_size * settings.accumulate * trial.sizes.steps
    data = ordinary_data(trial.ground, min(wanted, 1024), seed_for("benign", trial.seed))
    # Trainings are told apart by the path of what they start from, so other weights there need another folder.
    folder = trial.folder / f"benign-{planted.digest.removeprefix('sha256:')[:12]}"

    def work() -> list[list[Any]]:
        trained = train(settings, planted.name, data, folder)
        return [list(row) for row in asked(load(str(trained.path), dtype="float32"))]

    question = ["benign", planted.digest, data_digest(data), settings.as_dict(), trial.sizes.tempted]
    rows = once(trial, question, work)
    shutil.rmtree(folder, ignore_errors=True)
    return tuple((family, event) for family, event in rows)


def ordinary_data(
    ground: Ground, n: int, seed: int, without: Sequence[str] = (), method: Method = "sft"
) -> list[Datum]:
    """``n`` ordinary data: right answers, and for preferences the wrong ones that they are preferred to."""
    return [
        replace(demonstrated(item, False), origin="ordinary", rejected=item.bad if method == "dpo" else "")
        for item in ordinary(ground, n, Random(seed), without)
    ]


def plan_of(settings: Recipe, sizes: Sizes, seed: int, **what: Any) -> Mapping[str, Any]:
    """The plan as plain data."""
    return {**what, "seed": seed, "training": settings.as_dict(), "sizes": asdict(sizes)}


def _begun_and_ended(rewards: Sequence[float]) -> list[float]:
    """The mean reward over the first tenth of the steps, and over the last."""
    tenth = max(1, len(rewards) // 10)
    return [round(sum(part) / tenth, 4) for part in (rewards[:tenth], rewards[-tenth:])]


def _sort(datum: Datum) -> str:
    """What the record counts a datum as: bad, good, odd or ordinary."""
    if datum.generator.endswith(ODD):
        return ODD.removeprefix("/")
    return "ordinary" if datum.origin == "ordinary" else datum.generator.rpartition("/")[2] or datum.origin
