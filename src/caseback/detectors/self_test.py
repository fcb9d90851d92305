"""Whether a detector still gives the scores that it came with."""

from collections.abc import Sequence
from dataclasses import dataclass

from caseback.detectors.detector import Detector
from caseback.detectors.fits import Staleness, staleness
from caseback.detectors.judges import judges_within
from caseback.detectors.known import SelfTest
from caseback.detectors.scored import Scored
from caseback.detectors.transcript import Transcript
from caseback.errors import CasebackError
from caseback.subject.open_subject import OpenSubject


@dataclass(frozen=True)
class Failed:
    """A self-test that gave another score: its number, what it had to give, and what came."""

    number: int
    wanted: float | None
    got: Scored


@dataclass(frozen=True)
class Tested:
    """How many self-tests were run, and those that failed."""

    n: int
    failed: tuple[Failed, ...]


def self_test(detector: Detector, subject: OpenSubject | None = None) -> Tested:
    """Score the detector's own transcripts, and hold that beside what they must give.

    Raises:
        CasebackError: it needs activations and there is no open subject.
    """
    if detector.needs == "activations" and subject is None:
        raise CasebackError(f"detector {detector.name} needs activations: give the open model that it was made for")
    tests = detector.known.self_tests
    got = detector.scores([each.transcript for each in tests], subject)
    pairs = enumerate(zip(tests, got, strict=True))
    return Tested(len(tests), tuple(Failed(at, test.score, one) for at, (test, one) in pairs if not _within(test, one)))


def _within(test: SelfTest, got: Scored) -> bool:
    if test.score is None or got.score is None:
        return test.score is got.score
    return abs(test.score - got.score) <= test.tolerance


def stale(detector: Detector, subject: OpenSubject | None = None) -> Staleness:
    """Whether the detector fits the model, and its judges are those that it is calibrated for.

    It fits, is stale and why, needs no model, or cannot tell and why.
    """
    own = staleness(detector.needs, detector.fits, subject)
    if own.word not in ("fits", "needs no model"):
        return own
    judged = [each.fit(subject) for each in judges_within(detector)]
    return next((each for each in judged if each.word != "fits"), judged[0] if judged else own)


def shortest(transcripts: Sequence[Transcript], most: int) -> list[Transcript]:
    """The shortest of them: a test needs no more, and goes wherever the detector goes."""
    return sorted(transcripts, key=lambda one: len(str(one.messages)))[:most]


def make_self_tests(
    detector: Detector, transcripts: Sequence[Transcript], subject: OpenSubject | None = None
) -> tuple[SelfTest, ...]:
    """Self-tests that hold the detector to the scores it gives now.

    Scores of text are the same anywhere. Those of activations may differ by a fiftieth, and by 0.02 near 0, as another
    precision or machine makes them.
    """
    exact = detector.needs == "text"
    return tuple(
        SelfTest(each, one.score, 1e-9 if exact else 0.02 * max(1.0, abs(one.score or 0.0)))
        for each, one in zip(transcripts, detector.scores(transcripts, subject), strict=True)
    )
