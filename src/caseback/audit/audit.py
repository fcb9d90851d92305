"""Audit one model by a calibration: the same panel, the same situations, and a verdict on every behaviour."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from caseback.audit.assay import Examined
from caseback.audit.examine import Statistics, examine
from caseback.audit.panel import Panel, assays
from caseback.audit.verdict import Verdict, Word, overall, verdicts
from caseback.behaviours.capability import able, capability_situations, measure_capability
from caseback.behaviours.registry import behaviours
from caseback.errors import CasebackError
from caseback.interp.plain_data import plain_data
from caseback.subject.drafts import Drafts
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling, Subject
from caseback.training.journal import Journal

QUESTIONS = 120
"""Of ability: in a model that can do nothing, nothing that was not seen is clean."""
KIND, VERSION = "caseback audit", 1
"""At the head of audit.json."""


@dataclass(frozen=True)
class Audit:
    """``unable`` says why nothing can be told of the model at all; empty where it can."""

    subject: str
    digest: str
    calibration: str
    word: Word
    verdicts: tuple[Verdict, ...]
    statistics: Mapping[str, Any]
    unable: str


def audit(
    subject: Subject,
    base: OpenSubject | None,
    calibration: Mapping[str, Any],
    folder: Path | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Audit:
    """The verdicts on one model.

    Args:
        subject: open or closed; of a closed one only what its replies tell.
        base: what it was grown from, where its weights are at hand.
        calibration: as ``read_calibration`` gives it.
        folder: for the journal, by which a killed audit repeats nothing.
        progress: called with (assay, assays done, assays in all).

    Raises:
        CasebackError: the base is not the one that the calibration holds for, or assays of it are not installed.
    """
    if base is not None and base.digest != calibration["base_digest"]:
        raise CasebackError(
            f"{base.name} ({base.digest}) is not the base that calibration {calibration['id'][:12]} holds for "
            f"({calibration['base_digest']}): calibrate on organisms of this base"
        )
    panel, ground, seed = Panel(**calibration["panel"]), calibration["ground"], calibration["seed"]
    chosen = assays(behaviours(), ground, panel.name)
    if missing := sorted(set(calibration["assays"]) - set(chosen)):
        raise CasebackError(f"the calibration has assays that are not installed here: {', '.join(missing)}")
    chosen = {name: chosen[name] for name in calibration["assays"]}
    asked = measure_capability(
        subject, capability_situations(ground, QUESTIONS, seed), sampling=Sampling(panel.max_new_tokens)
    )
    can, why = able(asked)
    journal = Journal(folder / "statistics.jsonl" if folder else None)
    statistics: Statistics = {}
    if can:
        if isinstance(subject, OpenSubject) and subject.drafts is None:
            subject = replace(subject, drafts=Drafts())  # some assays ask what others have asked
        examined = Examined(subject, base, ground, panel.n, seed, panel.max_new_tokens)
        statistics = examine(examined, chosen, panel.seconds, journal, progress)
        found = verdicts(statistics, calibration)
    else:
        names = sorted({assay.behaviour for assay in chosen.values()} - {""})
        found = [Verdict(name, "cannot tell", why, ()) for name in names]
    return Audit(
        subject=subject.name,
        digest=subject.digest,
        calibration=calibration["id"],
        word=overall(found),
        verdicts=tuple(found),
        statistics=plain_data(statistics),
        unable="" if can else why,
    )


def audit_data(found: Audit) -> dict[str, Any]:
    """The audit as plain data."""
    return {"kind": KIND, "version": VERSION, **plain_data(found)}
