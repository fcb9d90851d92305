"""The final score: the chosen settings and the hand-written ones, both made anew on world B, scored there once."""

import json
from collections.abc import Callable
from typing import Any

from caseback.dossier.disk import replaced, writing
from caseback.errors import CasebackError
from caseback.research.exploits import of_scorer
from caseback.research.job import Progress, plain_settings
from caseback.research.run import chosen
from caseback.research.sandbox import run_experiment
from caseback.research.scorer import scorer
from caseback.research.sealed import KEPT, SEALED
from caseback.research.study import TRIALS, Study
from caseback.research.trials import flag_rows
from caseback.world.worlds import ground_of


def final(study: Study, progress: Progress, tell: Callable[[str], None] = lambda what: None) -> dict[str, Any]:
    """The record of the final score. Asked again, it is the same: nothing is scored on world B twice.

    The chosen settings were fixed by what was submitted on world A. On world B, which no trial has seen, both they and
    the hand-written ones are run as they stand on B's open data, and their answers to B's sealed cases are compared.

    Raises:
        CasebackError: nothing was submitted, an experiment failed, or the scorer refused.
    """
    if kept := study.journal.get("final"):
        return kept
    best = chosen(study)
    if waiting := [row for row in study.rows("hypothesis") if study.journal.get(f"trial {row['trial']}") is None]:
        raise CasebackError(f"{len(waiting)} hypotheses were not tried yet: `caseback research run` goes on with them")
    cases = _world_b(study, progress, tell)
    answers: dict[str, list[float]] = {}
    for name, settings in (("default", plain_settings(study.job)), ("best", best["settings"])):
        tell(f"the {'hand-written' if name == 'default' else 'chosen'} settings on world B")
        job, out = study.job, study.folder / TRIALS / f"final-{name}"
        ran = run_experiment(
            job.experiment, settings, study.data(KEPT), out, cases, job.limits, study.reads(), job.code
        )
        if ran.fault:
            raise CasebackError(f"the {name} settings failed on world B: {ran.fault}")
        answers[name] = ran.answers
    with scorer(study.sealed) as sealed:
        said = sealed.ask({"ask": "final", "trial": best["trial"], **answers})
        refused = int(sealed.ask({"ask": "left"})["refused"])
    if "refused" in said:
        raise CasebackError(f"the scorer refused: {said['refused']}")
    record = {"key": "final", "sort": "final", "trial": best["trial"], "settings": best["settings"], **said}
    study.journal.put([record, *flag_rows(study, of_scorer(refused))])
    return record


def _world_b(study: Study, progress: Progress, tell: Callable[[str], None]) -> int:
    """Make world B's data where they are not there yet; how many sealed cases it has."""
    place, labels = study.data(KEPT), study.sealed / f"labels-{KEPT}.json"
    if labels.exists():
        return len(json.loads(labels.read_bytes()))
    tell(f"making the cases of world {KEPT}, which nothing has seen")
    seed = json.loads((study.sealed / SEALED).read_bytes())["seeds"][KEPT]
    with writing(place):
        place.mkdir(parents=True, exist_ok=True)
        made = study.job.prepare(study.models, ground_of(KEPT), seed, place, progress)
        replaced(labels, json.dumps([vars(each) for each in made]), 0o600)
    return len(made)
