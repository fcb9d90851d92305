"""The researcher's loop: propose, register, try, submit the best, until the budget is spent."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from caseback.errors import CasebackError
from caseback.research import exploits
from caseback.research.ask_model import Asker
from caseback.research.job import plain_settings
from caseback.research.propose import Proposal, search
from caseback.research.scorer import Scorer, scorer
from caseback.research.study import Study
from caseback.research.trials import (
    Row,
    answers_of,
    baseline,
    by_hand,
    flag_rows,
    flagged,
    keep,
    register,
    run_one,
    trials,
    tried,
    waiting,
)

BATCH = 4
"""Hypotheses proposed together. It does not hang on the number of workers, so that the search does not either."""
Run = Callable[[Sequence[Row]], Iterator[Row]]
"""Runs hypotheses and gives their trials as they end, in any order."""


def research(
    study: Study,
    *,
    asker: Asker | None = None,
    run: Run | None = None,
    trials: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Go on until ``trials`` (by default the study's) were made and the best of them submitted.

    What was registered and not tried is tried first; nothing is tried twice. The hand-written settings are the first
    trial and the first submission.

    Raises:
        CasebackError: the scorer or the folder cannot be used, or nothing can propose.
    """
    wanted = study.trials if trials is None else min(trials, study.trials)
    runs = run or (lambda rows: one_by_one(study, rows))
    with scorer(study.sealed) as sealed:
        while True:
            for trial in runs(waiting(study)):
                keep(study, trial)
                if progress:
                    progress(len(study.rows("trial")), wanted)
            submit_best(study, sealed)
            done = len(study.rows("hypothesis"))
            if done >= wanted:
                break
            if not register(study, proposals(study, min(BATCH, wanted - done), asker)):
                raise CasebackError("nothing was proposed: see `caseback research notebook`")
        study.journal.put(flag_rows(study, exploits.of_scorer(int(sealed.ask({"ask": "left"})["refused"]))))


def proposals(study: Study, n: int, asker: Asker | None = None) -> list[Proposal]:
    """The next ``n`` proposals: the hand-written settings first of all, then the model's where one is given, and the
    search's for what it leaves open."""
    made: list[Proposal] = []
    if not study.rows("hypothesis"):
        made.append(by_hand(plain_settings(study.job)))
    if asker is not None and len(made) < n:
        asked = asker.propose(study.job, tried(study), n - len(made))
        made += asked.proposals
        count = len(study.rows("asked"))
        study.journal.put([{"key": f"asked {count}", "sort": "asked", **asked.counts}])
        total = {name: sum(row[name] for row in study.rows("asked")) for name in ("garbage", "repeats", "dropped")}
        study.journal.put(flag_rows(study, exploits.of_proposer(**total)))
    if len(made) < n:
        made += search(study.job.space, plain_settings(study.job), tried(study), n - len(made), study.seed)
    return made


def one_by_one(study: Study, rows: Sequence[Row]) -> Iterator[Row]:
    """Run hypotheses one after another on this machine."""
    for row in rows:
        yield run_one(study.job, study.folder, study.reads(), study.cases, row)


def submit_best(study: Study, sealed: Scorer) -> None:
    """Submit the hand-written settings, then whatever scored better on the open data than all submitted before it.

    At most half of the submissions that are left are spent by the time half of the trials are made, and so on: early
    luck does not use up the budget.
    """
    done = {row["trial"] for row in study.rows("submission")}
    first = baseline(study)
    if first is not None and first["trial"] not in {*done, *flagged(study)} and first["open"] is not None:
        submit(study, sealed, first["trial"])
        done.add(first["trial"])
    able = [row for row in trials(study) if row["open"] is not None and row["trial"] not in flagged(study)]
    best_open = max((row["open"] for row in able if row["trial"] in done), default=float("-inf"))
    share = len(study.rows("trial")) / study.trials
    while able and len(done) < max(2, int(study.submissions * share)) and sealed.ask({"ask": "left"})["left"]:
        best = max((row for row in able if row["trial"] not in done), key=lambda row: row["open"], default=None)
        if best is None or best["open"] <= best_open:
            return
        submit(study, sealed, best["trial"])
        done.add(best["trial"])
        best_open = best["open"]


def submit(study: Study, sealed: Scorer, trial: str) -> Row:
    """Submit a trial's answers to the sealed scorer, and write down what it said.

    Raises:
        CasebackError: no such trial, it failed, something was noticed about it, or the scorer refused.
    """
    row = study.journal.get(f"trial {trial}")
    if row is None:
        raise CasebackError(f"there is no trial {trial!r}: `caseback research notebook` lists them")
    if kept := study.journal.get(f"submission {trial}"):
        return kept
    if row["fault"]:
        raise CasebackError(f"trial {trial} has no answers to submit: {row['fault']}")
    if trial in flagged(study):
        why = next(flag["why"] for flag in study.rows("flag") if flag["trial"] == trial)
        raise CasebackError(f"trial {trial} is not submitted, for something was noticed about it: {why}")
    said = sealed.ask({"ask": "submit", "id": trial, "answers": answers_of(study, trial)})
    if "refused" in said:
        raise CasebackError(f"the scorer refused: {said['refused']}")
    made: dict[str, Any] = {"key": f"submission {trial}", "sort": "submission", "trial": trial, "told": said["score"],
                            "rose": said["rose"], "left": said["left"]}  # fmt: skip
    study.journal.put([made])
    given = {each["trial"]: answers_of(study, each["trial"]) for each in study.rows("submission")}
    flags = exploits.of_submissions(given)
    first = baseline(study)
    start = first and study.journal.get(f"submission {first['trial']}")
    if first and start and said["rose"]:
        flags += exploits.of_gap(trial, row["open"] - first["open"], said["score"] - start["told"])
    study.journal.put(flag_rows(study, flags))
    return made


def chosen(study: Study) -> Row:
    """The trial with the best sealed score that was told, and about which nothing was noticed.

    The last one that raised it need not be: whoever answers as one did before hears again what was said then.

    Raises:
        CasebackError: nothing was submitted yet.
    """
    bad = flagged(study)
    risen = [row for row in study.rows("submission") if row["rose"] and row["trial"] not in bad]
    if not risen:
        raise CasebackError("nothing was submitted yet: run `caseback research run` first")
    found = study.journal.get(f"trial {max(risen, key=lambda row: row['told'])['trial']}")
    assert found is not None
    return found


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process at a time works on a study.

    Raises:
        CasebackError: another does.
    """
    import fcntl

    with closing((folder / ".lock").open("w")) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CasebackError(f"{folder}: another process works on this study; wait for it, or stop it") from None
        yield
