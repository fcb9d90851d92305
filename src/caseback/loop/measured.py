"""A model of a job, measured: who it is and what it does, both recorded."""

from caseback.loop.arms import Arm, measure_arm
from caseback.loop.job import Job
from caseback.loop.provenance import record_subject
from caseback.subject.open_subject import OpenSubject


def measured(job: Job, subject: OpenSubject, arm: str, title: str, system: str | None = None) -> Arm:
    """Measure the subject on the job's plan; ``title`` is what the stage is called while it runs."""
    record_subject(job, subject, job.part + arm)
    with job.reporter.stage(title) as tick:
        return measure_arm(job.dossier, job.plan, subject, job.part + arm, tick, system)
