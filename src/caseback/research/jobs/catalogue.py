"""The three jobs, by name."""

from importlib import import_module

from caseback.errors import CasebackError
from caseback.research.job import Job

JOBS = {
    "detectors": "caseback.research.jobs.detectors_job:JOB",
    "recipes": "caseback.research.jobs.recipes_job:JOB",
    "assays": "caseback.research.jobs.assays_job:JOB",
}


def job(name: str) -> Job:
    """The job of that name.

    Raises:
        CasebackError: there is none.
    """
    if name not in JOBS:
        raise CasebackError(f"no job is called {name!r}: there are {', '.join(JOBS)}")
    module, _, attribute = JOBS[name].partition(":")
    found = getattr(import_module(module), attribute)
    assert isinstance(found, Job)
    return found
