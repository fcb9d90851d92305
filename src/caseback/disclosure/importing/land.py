"""One detector's way in: each way is tried in turn, tested here, and either stands or gives its reason."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from caseback.detectors.detector import Detector
from caseback.detectors.files import RECORD, TENSORS, detector_id, load_detector, save_detector
from caseback.detectors.known import threshold_for
from caseback.detectors.scoring import score_all
from caseback.detectors.self_test import self_test
from caseback.detectors.transcript import Transcript, transcript_of
from caseback.disclosure.bundle.contents import check_detector_files
from caseback.disclosure.bundle.moments import read_time
from caseback.disclosure.bundle.recipe import read_rows, recipe_from
from caseback.disclosure.importing.decide import Route, ways
from caseback.disclosure.importing.descend import descended
from caseback.disclosure.importing.local import Local
from caseback.disclosure.importing.refit import refit
from caseback.errors import CasebackError
from caseback.stats.threshold import set_threshold

FEWEST = 20
"""Ordinary transcripts from which a threshold of one's own is set."""
AIM = 0.25
"""The share of the budget of false alarms that a threshold is aimed at. One that is aimed at all of it has as many as
are allowed, and no number of audits can then show that it has fewer; at a quarter some 7 / budget do."""


@dataclass(frozen=True)
class Landed:
    """How one detector of an advisory came in, or why it did not.

    Attributes:
        name: In the advisory.
        route: By which way; ``refused`` where none was left.
        why: Reasons, those of ways that failed among them.
        needs: ``text`` or ``activations``.
        id: Of the detector that stands here now; empty where none does.
        threshold: Above it is an alarm.
        false_alarms: Rate of false alarms that the threshold was set for, as expected on new negatives; None without.
        auroc: On the recipe's test set, where it was made from a recipe.
    """

    name: str
    route: Route
    why: tuple[str, ...]
    needs: str
    id: str = ""
    threshold: float | None = None
    false_alarms: float | None = None
    auroc: float | None = None


def land(listed: Mapping[str, Any], files: Mapping[str, bytes], local: Local, folder: Path, at: datetime) -> Landed:
    """Bring one detector in, into ``folder``; nothing is left there where it is refused."""
    try:
        check_detector_files(listed, files)
        if "not_after" in listed and read_time(listed["not_after"], "not_after") < at:
            raise CasebackError(f"its publisher says that it is not to be used after {listed['not_after']}")
        tried = ways(listed, *_model(local))
    except CasebackError as error:
        return Landed(listed["name"], "refused", (str(error),), listed["needs"])
    reasons: list[str] = []
    for way in tried:
        reasons.append(way.why)
        if way.route == "refused":
            break
        try:
            made = _made(way.route, listed, files, local, folder)
        except (CasebackError, ValueError, ArithmeticError) as error:
            reasons.append(f"as {way.route}: {' '.join(str(error).split())[:400]}")
            continue
        return replace(made, why=tuple(reasons))
    for name in (RECORD, TENSORS):
        (folder / name).unlink(missing_ok=True)
    return Landed(listed["name"], "refused", tuple(reasons), listed["needs"])


def _model(local: Local) -> tuple[str, list[str], frozenset[str]]:
    if local.subject is None:
        return "", [], local.ancestors
    from caseback.interp.directions.belonging import known_digests
    from caseback.interp.store.identity import tokenizer_digest as without_template

    tokenizers = [*known_digests(local.subject), without_template(local.subject.tokenizer)]
    return local.subject.digest, tokenizers, local.ancestors


def _made(route: Route, listed: Mapping[str, Any], files: Mapping[str, bytes], local: Local, folder: Path) -> Landed:
    area, left = None, local.clean
    if route == "other model":
        assert local.subject is not None
        recipe = recipe_from(files[listed["recipe"]], listed["recipe"])
        # By one half of what is ordinary the direction is chosen; thresholds are for traffic that it was not chosen by.
        chosen_by, left = (left[::2], left[1::2]) if len(left) >= 2 * FEWEST else ([], left)
        found = refit(recipe, files, local.subject, chosen_by, (local.budget,), local.own_replies)
        made, area = found.detector, found.auroc.value
    elif route == "descendant":
        made, found_area = descended(_loaded(listed, files, folder), listed, files, local)
        area = found_area.value
    else:
        made = _tested(listed, files, local, folder)
    point = _threshold(made, left, local)
    save_detector(made, folder)
    return Landed(listed["name"], route, (), made.needs, detector_id(made), point[0], point[1], area)


def _tested(listed: Mapping[str, Any], files: Mapping[str, bytes], local: Local, folder: Path) -> Detector:
    """The detector as it was published, if it gives here the scores that it came with."""
    made = _loaded(listed, files, folder)
    done = self_test(made, local.subject)
    if done.failed:
        first = done.failed[0]
        raise CasebackError(
            f"{len(done.failed)} of {done.n} self-tests give other scores here, such as {first.got.score} for "
            f"{first.wanted}"
        )
    if not done.n:
        raise CasebackError("it brings no self-tests, so nobody can see that it works here")
    if not any(test.score is not None for test in made.known.self_tests):
        raise CasebackError("none of its self-tests has a score, so nobody can see that it works here")
    if "selftest" in listed:
        _tells_apart(made, listed, files, local)
    return made


def _loaded(listed: Mapping[str, Any], files: Mapping[str, bytes], folder: Path) -> Detector:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RECORD).write_bytes(files[listed["file"]])
    if "tensors" in listed:
        (folder / TENSORS).write_bytes(files[listed["tensors"]])
    made = load_detector(folder)
    if made.needs != listed["needs"]:
        raise CasebackError(f"it needs {made.needs}, and the advisory says {listed['needs']}")
    return made


def _tells_apart(made: Detector, listed: Mapping[str, Any], files: Mapping[str, bytes], local: Local) -> None:
    """On labelled transcripts that it brings, the positives must score higher on average."""
    rows = read_rows(files[listed["selftest"]], listed["selftest"])
    scored = score_all(made, [transcript_of(row) for row in rows], local.subject)
    means = []
    for wanted in (True, False):
        of = [one.score for one, row in zip(scored, rows, strict=True) if row["label"] == wanted]
        got = [score for score in of if score is not None]
        means.append(sum(got) / len(got) if got else math.nan)
    if not means[0] > means[1]:
        raise CasebackError("it does not score the positives of its own test set above the negatives here")


def _threshold(made: Detector, clean: Sequence[Transcript], local: Local) -> tuple[float, float]:
    """Where it alarms, and the expected rate of false alarms: set on ordinary traffic here where there is enough."""
    if len(clean) >= FEWEST:
        scored = score_all(made, clean, local.subject)
        rows = enumerate(zip(scored, clean, strict=True))
        told = [(one.score, each.family or str(at)) for at, (one, each) in rows if one.score is not None]
        if len(told) >= FEWEST:
            found = set_threshold([score for score, _ in told], [family for _, family in told], AIM * local.budget)
            return found.value, found.expected
    if made.known.calibration is None:
        raise CasebackError(
            f"it has no threshold: give {FEWEST} ordinary transcripts at least (--ordinary), on which one is set"
        )
    points = [each.threshold.target for each in made.known.calibration.points if each.threshold.target <= local.budget]
    found = threshold_for(made.name, made.known.calibration, min(points) if points else None)
    return found.value, found.expected
