"""Giving a judge to a detector, and to those that it is made of."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from caseback.detectors.cascade import CascadeDetector
from caseback.detectors.detector import Detector
from caseback.detectors.ensemble import EnsembleDetector
from caseback.detectors.judge import JudgeDetector, JudgePoint, Spent
from caseback.detectors.judge_model import Asking, JudgeModel
from caseback.detectors.known import Cost
from caseback.detectors.transcript import Transcript
from caseback.subject.subject import Subject


def judges_within(detector: Detector) -> Iterator[JudgeDetector]:
    """The judges among the detector and all those that it is made of."""
    if isinstance(detector, JudgeDetector):
        yield detector
    for member in _members(detector):
        yield from judges_within(member)


def _members(detector: Detector) -> Sequence[Detector]:
    if isinstance(detector, CascadeDetector):
        return detector.cheap, detector.dear
    return detector.members if isinstance(detector, EnsembleDetector) else ()


def with_judge(detector: Detector, judge: Subject, cache: Path | None = None) -> Detector:
    """The detector with its judges at hand; one that was calibrated with this judge beside others has its thresholds.

    Within a cascade or an ensemble, whose own thresholds were set with one judge, nothing but that judge will do.
    ``cache`` is a file that keeps the answers.
    """
    asking = Asking(judge, cache)
    if isinstance(detector, JudgeDetector):
        return replace(_for(detector, judge.digest), asking=asking)
    return _given(detector, asking)


def _given(detector: Detector, asking: Asking) -> Detector:
    if isinstance(detector, JudgeDetector):
        return replace(detector, asking=asking)
    if isinstance(detector, CascadeDetector):
        return replace(detector, cheap=_given(detector.cheap, asking), dear=_given(detector.dear, asking))
    if isinstance(detector, EnsembleDetector):
        return replace(detector, members=tuple(_given(member, asking) for member in detector.members))
    return detector


def without_cache(detector: Detector) -> Detector:
    """The detector with its judges at hand and no answers kept: what it is asked then costs what it costs."""
    asking = next((each.asking for each in judges_within(detector) if each.asking is not None), None)
    return _given(detector, replace(asking, cache=None)) if asking is not None else detector


def _for(detector: JudgeDetector, digest: str) -> JudgeDetector:
    """The detector with the operating point of the judge of this digest in first place, where it has one."""
    other = next((point for point in detector.others if point.judge.digest == digest), None)
    if other is None or detector.judge.digest == digest:
        return detector
    known = replace(detector.known, calibration=other.calibration, self_tests=(), cost=None)
    return replace(detector, judge=other.judge, others=_others(detector, digest), spent=None, known=known)


def _others(detector: JudgeDetector, digest: str) -> tuple[JudgePoint, ...]:
    """The operating points that are kept when the judge of this digest comes first."""
    own = detector.known.calibration
    first = [JudgePoint(detector.judge, own)] if own is not None else []
    return (*first, *(point for point in detector.others if point.judge.digest != digest))


def taken_up(detector: Detector, judge: Subject, cache: Path | None = None) -> Detector:
    """The detector made ready to be calibrated with this judge, whatever judge it had; what is known stays beside.

    A cascade or an ensemble keeps its judge: calibrate the member with another, and make it again.
    """
    if not isinstance(detector, JudgeDetector) or detector.judge.digest == judge.digest:
        return with_judge(detector, judge, cache)
    known = replace(detector.known, calibration=None, self_tests=(), cost=None)
    named = JudgeModel(judge.name, judge.digest)
    fresh = replace(detector, judge=named, others=_others(detector, judge.digest), spent=None, known=known)
    return replace(fresh, asking=Asking(judge, cache))


def with_cost(detector: JudgeDetector, transcripts: Sequence[Transcript]) -> JudgeDetector:
    """The judge with what it spends on these transcripts, in tokens and in time; they are put to it anew.

    Of a judge that says nothing of tokens nothing is known.

    Raises:
        CasebackError: there is no judge, or it refuses.
    """
    asking = replace(detector.asking, cache=None) if detector.asking else None
    usage = getattr(asking.subject, "usage", None) if asking else None
    before, begun = (usage.reply_tokens if usage else 0), time.perf_counter()
    answers = replace(detector, asking=asking).answers(transcripts)
    seconds = time.perf_counter() - begun
    read = sum(each.prompt_tokens for each in answers)
    written = usage.reply_tokens - before if usage else sum(each.reply_tokens for each in answers)
    if not read + written:
        return replace(detector, spent=None, known=replace(detector.known, cost=None))
    cost = Cost(seconds / (read + written) * 1e6, "token", read + written)
    known = replace(detector.known, cost=cost)
    return replace(detector, spent=Spent(read, written, len(answers)), known=known)
