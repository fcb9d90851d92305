"""Of many directions the one along which positives lie furthest above ordinary traffic."""

from collections.abc import Sequence

import torch

from caseback.detectors.direction import DirectionDetector
from caseback.detectors.together import token_scores_together
from caseback.detectors.transcript import Transcript
from caseback.errors import CasebackError
from caseback.interp.direction import Reading, pooled
from caseback.interp.part import Pool
from caseback.subject.open_subject import OpenSubject


def furthest(
    detectors: Sequence[DirectionDetector],
    pools: Sequence[Pool],
    positives: Sequence[Transcript],
    ordinary: Sequence[Transcript],
    subject: OpenSubject,
) -> DirectionDetector:
    """The detector and pool with the largest difference of means, over the sum of both classes' standard deviations.

    In that sum each class counts alike, however much more ordinary traffic there is. ``apart`` of
    ``interp.directions``, for classes of about equal size, pools variances by numbers.

    With few positives, recall at a small rate of false positives is the same for many directions, and where it is not
    it hangs on one transcript; how far the classes lie apart does not. All must read the same part.

    Raises:
        CasebackError: a class has nothing that can be read.
    """
    rows = [*positives, *ordinary]
    read = token_scores_together(detectors, rows, subject)
    told = [(each, at < len(positives)) for at, each in enumerate(read) if not isinstance(each, str)]
    if len({label for _, label in told}) < 2:
        raise CasebackError("no positive, or nothing ordinary, can be read: directions cannot be told apart")
    label_N = torch.tensor([label for _, label in told])
    best: tuple[float, DirectionDetector] | None = None
    for number, detector in enumerate(detectors):
        for pool in pools:
            score_N = torch.tensor([pooled(each[number], pool) for each, _ in told])
            up, down = score_N[label_N], score_N[~label_N]
            spread = up.std(correction=0) + down.std(correction=0)
            gap = float((up.mean() - down.mean()) / spread.clamp_min(1e-9))
            if best is None or gap > best[0]:
                reading = Reading(detector.reading.part, pool)
                best = gap, DirectionDetector(detector.name, detector.behaviour, detector.direction, reading)
    assert best is not None
    return best[1]
