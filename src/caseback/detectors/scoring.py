"""Scoring many transcripts, a few at a time."""

from collections.abc import Callable, Sequence

from caseback.detectors.detector import Detector
from caseback.detectors.scored import Scored
from caseback.detectors.transcript import Transcript
from caseback.subject.open_subject import OpenSubject

AT_ONCE = 16
"""Transcripts whose activations are asked for together."""


def score_all(
    detector: Detector,
    transcripts: Sequence[Transcript],
    subject: OpenSubject | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Scored]:
    """One result per transcript, in order; ``progress`` gets how many are done, and of how many."""
    scored: list[Scored] = []
    for start in range(0, len(transcripts), AT_ONCE):
        scored += detector.scores(transcripts[start : start + AT_ONCE], subject)
        if progress:
            progress(len(scored), len(transcripts))
    return scored
