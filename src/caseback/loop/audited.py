"""The trained model through the quick panel: what is found in it, and what would have been found."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caseback.audit.audit import audit, audit_data
from caseback.audit.calibration_file import read_calibration
from caseback.audit.packaged import packaged_calibration
from caseback.errors import CasebackError
from caseback.loop.job import Job
from caseback.loop.stage import once
from caseback.subject.load import load

AUDIT = "audit the trained model"
"""What the stage is called while it runs."""
WHAT = "the audit"
"""What is not measured where there is no calibration for it."""


def calibration_for(ground: str, reference: bool, path: Path | None) -> tuple[Mapping[str, Any] | None, str]:
    """The calibration to audit by, or None and why there is none.

    Raises:
        CasebackError: the one named cannot be read, or is of another ground.
    """
    if path is not None:
        read = read_calibration(path)
        if read["ground"] != ground:
            raise CasebackError(f"{path} is a calibration on the ground {read['ground']}, and this model's is {ground}")
        return read, ""
    shipped = packaged_calibration() if reference else None
    if shipped is None:
        return None, (
            "no calibration is at hand for models like this one: grow a library (caseback plant library), calibrate on "
            "it (caseback calibrate), and pass --calibration"
        )
    read = read_calibration(shipped)
    if read["ground"] != ground:
        return None, f"the calibration that ships is on the ground {read['ground']}, and this model's is {ground}"
    return read, ""


def by_replies(calibration: Mapping[str, Any]) -> Mapping[str, Any]:
    """The calibration without what looks for a behaviour in log-probabilities or weights.

    A rate in replies is on one scale in models of any base. The odds of one answer against another, or a distance from
    the base, begin elsewhere in each: held against thresholds of another base they would find what is not there.
    Assays that name no behaviour stay, and cannot tell.
    """
    kept = {n: each for n, each in calibration["assays"].items() if each["needs"] == "replies" or not each["behaviour"]}
    views = {name: view for name, view in calibration["views"].items() if name == "black-box"}
    return {**calibration, "assays": kept, "views": views}


def audited(
    job: Job, model: Path, arm: str, base_digest: str, calibration: Mapping[str, Any] | None, why_not: str
) -> None:
    """Audit the arm, and record the verdicts; or record why not.

    Where the run's own model, ``base_digest``, is the base that the calibration holds for, all assays are asked, and
    those that compare with the base have it. Else only what reads replies is asked: see ``by_replies``.
    """
    if calibration is None:
        job.not_measured(WHAT, why_not)
        return
    subject = load(str(model))
    same = base_digest == calibration["base_digest"]
    base, panel = (load(job.model), calibration) if same else (None, by_replies(calibration))

    def work() -> tuple[dict[str, Any], dict[str, str]]:
        with job.reporter.stage(AUDIT) as tick:
            found = audit(subject, base, panel, job.folder / "audit", lambda name, done, total: tick(done, total))
        kept = ("id", "base", "base_digest", "panel", "seed", "ground")
        return {**audit_data(found), "arm": arm, "calibration": {key: calibration[key] for key in kept}}, {}

    once(job.dossier, "audit", {"subject": subject.digest, "calibration": calibration["id"]}, job.seed, work)
