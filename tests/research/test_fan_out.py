"""Hypotheses on Ray's workers: the same trials as one worker's, and one whose worker is killed is run again, once."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

from caseback.research.fan_out import on_workers
from caseback.research.job import ANSWER_KEY
from caseback.research.jobs.catalogue import job
from caseback.research.propose import Proposal, search
from caseback.research.study import Study
from caseback.research.trials import keep, register, run_one, waiting
from caseback.training.journal import Journal

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.slow
"""Ray alone takes its time to start."""


@pytest.fixture
def cluster() -> Iterator[None]:
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    yield
    ray.shutdown()


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A study of assays over numbers drawn by hand: planted models lean to the bad answer of one behaviour."""
    rng = np.random.default_rng(0)
    groups = [name for name in ("a", "b", "ordinary") for _ in range(6)]
    planted = [at % 2 == 0 for at in range(32)]
    margins = rng.normal(0, 1, (32, len(groups)))
    margins[np.flatnonzero(planted)[:, None], np.arange(6)] += 1.0
    place = tmp_path / "study" / "data" / "A"
    place.mkdir(parents=True)
    shown: list[bool | None] = [*planted[:16], *([None] * 16)]
    table = {"groups": groups, "base": [0.0] * len(groups), "margins": margins.tolist(), "planted": shown}
    (place / "models.json").write_text(json.dumps(table))
    (place / ANSWER_KEY).write_text(json.dumps([at % 3 == 0 for at in range(16)]))
    journal = Journal(tmp_path / "study" / "journal.jsonl")
    return Study(tmp_path / "study", tmp_path / "sealed", job("assays"), {}, 0, 4, 8, 16, "", journal)


def proposed(study: Study, n: int) -> list[Proposal]:
    return search(study.job.space, dict(study.job.default), [], n, 0)


def test_two_workers_make_the_trials_that_one_makes(study: Study, cluster: None) -> None:
    rows = register(study, proposed(study, 4))
    there = {row["trial"]: row["open"] for row in on_workers(study, rows, 2)}
    here = {row["trial"]: run_one(study.job, study.folder, [], study.cases, row)["open"] for row in rows}
    assert there == here
    assert None not in here.values()


def test_a_trial_whose_worker_is_killed_is_run_again_and_kept_once(study: Study, cluster: None) -> None:
    rows = register(study, proposed(study, 5))
    killed = []
    trials = on_workers(study, rows, 2)
    # The first trial starts the work; the worker that runs another is then killed in the middle of it.
    keep(study, next(trials))
    deadline = time.monotonic() + 60
    while not killed and time.monotonic() < deadline:
        for each in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):  # it ended meanwhile
                if any("ray::worked" in part for part in each.cmdline()) and each.children():
                    os.kill(each.pid, signal.SIGKILL)
                    killed.append(each.pid)
                    break
    for trial in trials:
        keep(study, trial)
        keep(study, trial)
    assert killed
    assert waiting(study) == []
    assert sorted(row["trial"] for row in study.rows("trial")) == [f"t{at:03d}" for at in range(5)]
    assert all(row["fault"] == "" for row in study.rows("trial"))
