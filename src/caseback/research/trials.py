"""Hypotheses registered before they are tried, and trials: each run once, whoever is killed meanwhile."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from caseback.dossier.record import digest
from caseback.errors import CasebackError
from caseback.research import exploits
from caseback.research.inside import RESULT
from caseback.research.job import Job, plain_settings
from caseback.research.propose import Proposal, Tried
from caseback.research.sandbox import Ran, run_experiment
from caseback.research.space import Settings, without_seed
from caseback.research.study import TRIALS, Study

MARGIN = 0.005
"""A difference of open scores below which neither prediction came true."""
Row = dict[str, Any]


def register(study: Study, proposals: Sequence[Proposal]) -> list[Row]:
    """Write hypotheses to the journal, each with what it predicts; they are on record before any of them is run."""
    begun = len(study.rows("hypothesis"))
    rows = [
        {"key": f"hypothesis {begun + at}", "sort": "hypothesis", "trial": f"t{begun + at:03d}", **asdict(each)}
        for at, each in enumerate(proposals)
    ]
    study.journal.put(rows)
    return rows


def waiting(study: Study) -> list[Row]:
    """Hypotheses that have no trial yet, those of a run that was stopped among them."""
    return [row for row in study.rows("hypothesis") if study.journal.get(f"trial {row['trial']}") is None]


def run_one(job: Job, folder: Path, reads: Sequence[Path], cases: int, row: Row) -> Row:
    """Run a hypothesis in the sandbox; the trial's record, which nobody has written yet.

    Plain data in and out: any worker can do it, on any machine that sees the folder.
    """
    out = folder / TRIALS / row["trial"]
    data = folder / "data" / "A"
    ran: Ran = run_experiment(job.experiment, row["settings"], data, out, cases, job.limits, reads, job.code)
    return {
        "key": f"trial {row['trial']}", "sort": "trial", "trial": row["trial"], "settings": row["settings"],
        "open": ran.open, "answers": digest(ran.answers), "fault": ran.fault, "tried": ran.tried,
        "walls": list(ran.walls), "seconds": ran.seconds,
    }  # fmt: skip


def keep(study: Study, trial: Row) -> None:
    """Write a trial to the journal, once, with what the exploit detectors notice about it."""
    if study.journal.get(trial["key"]) is not None:
        return
    answers = [] if trial["fault"] else answers_of(study, trial["trial"])
    flags = exploits.of_trial(
        trial["trial"], study.job.space, trial["settings"], trial["tried"], answers, study.key()
    )  # fmt: skip
    study.journal.put([trial, *flag_rows(study, flags)])
    settings = {row["trial"]: row["settings"] for row in study.rows("trial")}
    study.journal.put(flag_rows(study, exploits.of_seeds(settings)))


def flag_rows(study: Study, flags: Sequence[exploits.Flag]) -> list[Row]:
    """Flags that are not on record yet, as records."""
    rows = [{"key": f"flag {each.exploit} {each.trial}", "sort": "flag", **asdict(each)} for each in flags]
    return [row for row in rows if study.journal.get(row["key"]) is None]


def answers_of(study: Study, trial: str) -> list[float]:
    """The answers of a trial to the sealed cases.

    Raises:
        CasebackError: they are not there any more, or not what they were when the trial ended.
    """
    path = study.folder / TRIALS / trial / RESULT
    row = study.journal.get(f"trial {trial}")
    try:
        answers = [float(each) for each in json.loads(path.read_bytes())["answers"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CasebackError(f"{path}: the answers of {trial} cannot be read ({type(error).__name__}); restore them, or "
                            "begin the study anew") from None  # fmt: skip
    if row is not None and digest(answers) != row["answers"]:
        raise CasebackError(f"{path}: the answers of {trial} were changed since it ended; restore them")
    return answers


def trials(study: Study) -> list[Row]:
    """Trials in the order of their hypotheses: what follows must not depend on which ended first."""
    kept = {row["trial"]: row for row in study.rows("trial")}
    return [kept[row["trial"]] for row in study.rows("hypothesis") if row["trial"] in kept]


def tried(study: Study) -> list[Tried]:
    """What was tried, for who proposes."""
    return [Tried(row["settings"], row["open"]) for row in trials(study)]


def flagged(study: Study) -> set[str]:
    """Trials about which something was noticed: they are not submitted, and never chosen."""
    return {row["trial"] for row in study.rows("flag") if row["trial"]}


def baseline(study: Study) -> Row | None:
    """The trial of the hand-written settings."""
    wanted = without_seed(plain_settings(study.job))
    return next((row for row in study.rows("trial") if without_seed(row["settings"]) == wanted), None)


def outcome(row: Row, trial: Row | None, reference: Row | None) -> str:
    """What became of a prediction: ``true``, ``false``, ``no difference``, ``failed``, ``waiting``, ``baseline``."""
    if trial is None:
        return "waiting"
    if trial["open"] is None:
        return "failed"
    if reference is None or reference["open"] is None or trial["trial"] == reference["trial"]:
        return "baseline"
    risen = trial["open"] - reference["open"]
    if abs(risen) < MARGIN:
        return "no difference"
    return "true" if (risen > 0) == (row["predicts"] == "above") else "false"


def by_hand(settings: Settings) -> Proposal:
    """The hand-written settings as the first proposal."""
    return Proposal(dict(settings), "hand", "the settings that a person wrote down first: the baseline", "equal")
