"""A detector at work: with its threshold, and what is done above it."""

import time
from dataclasses import dataclass

from caseback.detectors.detector import Detector
from caseback.detectors.faults import FAILED
from caseback.detectors.scored import Scored
from caseback.detectors.transcript import Transcript
from caseback.subject.open_subject import OpenSubject
from caseback.watch.verdict import Policy, Verdict


@dataclass(frozen=True)
class Watching:
    """A detector in live use; ``digest`` is its id (``detectors.files.detector_id``)."""

    detector: Detector
    digest: str
    policy: Policy
    threshold: float


def verdict(watching: Watching, transcript: Transcript, subject: OpenSubject | None = None) -> Verdict:
    """What the detector says. One that fails is told as such: ``scored.why`` says how, and the score is None."""
    begun = time.perf_counter()
    try:
        [scored] = watching.detector.scores([transcript], subject)
    except Exception as error:  # whatever a detector does, the exchange goes on and the failure is counted
        scored = Scored(None, f"{FAILED}: {type(error).__name__}: {error}"[:300])
    return verdict_from(watching, scored, (time.perf_counter() - begun) * 1e6)


def verdict_from(watching: Watching, scored: Scored, microseconds: float | None = None) -> Verdict:
    """The verdict of a score that was come by otherwise, or of ``Scored(None, why)`` where nothing could be asked."""
    name, policy, threshold = watching.detector.name, watching.policy, watching.threshold
    return Verdict(name, watching.digest, policy, threshold, scored, microseconds)
