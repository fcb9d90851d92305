"""Hypotheses on many workers through Ray; the sandbox stands around each of them as it does on one machine."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from caseback.errors import CasebackError
from caseback.research.jobs.catalogue import job as job_named
from caseback.research.study import Study
from caseback.research.trials import Row, run_one
from caseback.training.on_ray import RETRIES, connected


def on_workers(study: Study, rows: Sequence[Row], workers: int, address: str = "") -> Iterator[Row]:
    """Run hypotheses, as many at once as there are workers, and give each trial as it ends.

    A trial whose worker dies is run again by another; it is one trial, in the folder of its name. The scorer and the
    journal stay with the caller: workers know neither.

    Args:
        address: of a Ray cluster whose machines share the study's folder; empty starts one on this machine.

    Raises:
        CasebackError: Ray is not installed, or a trial's workers were killed again and again.
    """
    if not rows:
        return
    ray = connected(workers, address or "local")
    one = ray.remote(num_cpus=1, max_retries=RETRIES)(worked)
    about = (study.job.name, str(study.folder.resolve()), [str(each) for each in study.reads()], study.cases)
    left = [one.remote(*about, row) for row in rows]
    while left:
        done, left = ray.wait(left)
        try:
            yield ray.get(done[0])
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None  # what went wrong in the trial itself, such as a disk that is full
        except ray.exceptions.RayError as error:
            raise CasebackError(f"a worker was killed {RETRIES + 1} times on one trial ({type(error).__name__}); the "
                                "same command goes on from there") from None  # fmt: skip


def worked(job: str, folder: str, reads: Sequence[str], cases: int, row: Row) -> Row:
    """What a worker does."""
    return run_one(job_named(job), Path(folder), [Path(each) for each in reads], cases, row)
