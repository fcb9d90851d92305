"""Thresholds and how well a detector does, from labelled transcripts."""

import time
from collections.abc import Callable, Sequence

from caseback.detectors.detector import Detector
from caseback.detectors.judges import without_cache
from caseback.detectors.known import Calibration, Cost, OperatingPoint
from caseback.detectors.scored import Scored
from caseback.detectors.scoring import score_all
from caseback.detectors.transcript import Transcript, texts_of
from caseback.dossier.record import digest
from caseback.errors import CasebackError
from caseback.stats.auroc import auroc
from caseback.stats.threshold import caught_above, set_threshold
from caseback.subject.open_subject import OpenSubject

TARGETS = (0.01, 0.001)
"""Rates of false positives that thresholds are set for."""


def calibrate(
    detector: Detector,
    positives: Sequence[Transcript],
    negatives: Sequence[Transcript],
    targets: Sequence[float] = TARGETS,
    subject: OpenSubject | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Calibration:
    """Thresholds by split conformal prediction on the negatives (``set_threshold``), and what they catch.

    Intervals allow for families; a transcript that names none is one of its own. Where there are too few negatives for
    a target, its threshold's ``met`` is false. The transcripts must not be those that the detector was made from.

    Raises:
        CasebackError: a class has nothing that could be told, a label says otherwise, a transcript is in both classes,
            or a target is not between 0 and 1.
    """
    everything = [*positives, *negatives]
    labels = [True] * len(positives) + [False] * len(negatives)
    _check(everything, labels)
    if wrong := [target for target in targets if not 0 < target < 1]:
        raise CasebackError(f"target {wrong[0]} is not between 0 and 1: a rate of false positives, such as 0.01")
    scored = score_all(detector, everything, subject, progress)
    rows = [
        (one.score, label, each.family or f"alone {at}")
        for at, (one, label, each) in enumerate(zip(scored, labels, everything, strict=True))
        if one.score is not None
    ]
    scores, told, families = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    _check_told(scored, labels, told)
    clean = [(score, family) for score, label, family in rows if not label]
    thresholds = [set_threshold([s for s, _ in clean], [f for _, f in clean], target) for target in targets]
    return Calibration(
        digest([[list(each.messages), each.family, label] for each, label in zip(everything, labels, strict=True)]),
        tuple(OperatingPoint(at, caught_above(at.value, scores, told, families).recall) for at in thresholds),
        auroc(scores, told, families),
        tuple(sorted(score for score, _ in clean)),
        len(positives) - sum(told),
        len(negatives) - len(clean),
    )


def _check(transcripts: Sequence[Transcript], labels: Sequence[bool]) -> None:
    class_of: dict[str, bool] = {}
    for at, (each, label) in enumerate(zip(transcripts, labels, strict=True)):
        where = f"{'positive' if label else 'negative'} {at + 1 if label else at + 1 - sum(labels)}"
        if each.label not in (None, label):
            raise CasebackError(f"{where} is labelled {str(each.label).lower()}: take it out, or mend its label")
        if class_of.setdefault(digest(list(each.messages)), label) != label:
            raise CasebackError(f"{where} is among the positives too: a transcript belongs to one class")


def _check_told(scored: Sequence[Scored], labels: Sequence[bool], told: Sequence[bool]) -> None:
    for wanted, what in ((True, "positive"), (False, "negative")):
        if wanted not in told:
            why = next((one.why for one, label in zip(scored, labels, strict=True) if label == wanted), "none given")
            raise CasebackError(f"no {what} could be scored ({why}): nothing to calibrate on")


def measure_cost(detector: Detector, transcripts: Sequence[Transcript], subject: OpenSubject | None = None) -> Cost:
    """Time to score transcripts, once they have been scored before, by what they hold. Judges within are asked anew.

    Raises:
        CasebackError: they hold nothing.
    """
    detector = without_cache(detector)
    detector.scores(transcripts[:1], subject)  # what is loaded or compiled at first is no cost of a token
    begun = time.perf_counter()
    scored = score_all(detector, transcripts, subject)
    spent = time.perf_counter() - begun
    able = [each for each, one in zip(transcripts, scored, strict=True) if one.score is not None]
    texts = [t for each in able for m in each.messages for f in ("content", "arguments") for t in texts_of(m, f)]
    reads = detector.needs == "activations" and subject is not None
    n = sum(subject.count_tokens(text) if reads and subject else len(text) for text in texts)
    if not n:
        raise CasebackError("nothing could be scored, so there is no cost to measure")
    return Cost(spent / n * 1e6, "token" if reads else "character", n)
