"""Scoring many transcripts, a few at a time."""

from collections.abc import Callable, Iterator, Sequence

from caseback.detectors.detector import Detector
from caseback.detectors.scored import Scored
from caseback.detectors.transcript import Transcript
from caseback.subject.open_subject import OpenSubject

AT_ONCE = 16
"""Transcripts whose activations are asked for together."""


Progress = Callable[[int, int], None]


def few_at_once(transcripts: Sequence[Transcript], progress: Progress | None = None) -> Iterator[Sequence[Transcript]]:
    """``AT_ONCE`` of them at a time; ``progress`` gets how many are done, and of how many, after each."""
    for start in range(0, len(transcripts), AT_ONCE):
        yield transcripts[start : start + AT_ONCE]
        if progress:
            progress(min(start + AT_ONCE, len(transcripts)), len(transcripts))


def score_all(
    detector: Detector,
    transcripts: Sequence[Transcript],
    subject: OpenSubject | None = None,
    progress: Progress | None = None,
) -> list[Scored]:
    """One result per transcript, in order; ``progress`` gets how many are done, and of how many."""
    return [one for few in few_at_once(transcripts, progress) for one in detector.scores(few, subject)]
