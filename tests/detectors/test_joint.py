"""Cascades and ensembles are made of their members' scores, and cannot tell where those cannot."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.detectors.calibrate import calibrate
from caseback.detectors.cascade import CascadeDetector, share_gone_on
from caseback.detectors.detector import Detector
from caseback.detectors.ensemble import EnsembleDetector, surprise
from caseback.detectors.kinds import with_known
from caseback.detectors.known import Calibration
from caseback.errors import CasebackError
from caseback.stats.auroc import Auroc
from caseback.subject.open_subject import OpenSubject
from detectors.chats import along, lit, praise, said

WORDS = st.lists(st.sampled_from(["great", "clever", "kind", "dull", ""]), min_size=1, max_size=6)
CHEAP = praise(name="cheap", patterns=("great", "kind"))
DEAR = praise(name="dear")


@given(st.lists(WORDS, min_size=1, max_size=8))
def test_a_cascade_is_the_dear_detector_above_the_gate(texts: list[list[str]]) -> None:
    transcripts = [said("how?", " ".join(words)) for words in texts]
    cascade = CascadeDetector("both", "sycophancy", CHEAP, DEAR, 0.5, below=-1.0)
    found, cheap, dear = (each.scores(transcripts) for each in (cascade, CHEAP, DEAR))
    for one, first, second in zip(found, cheap, dear, strict=True):
        on = first.score is None or first.score > 0.5
        assert (one.score, one.spans, one.why) == ((second.score, second.spans, second.why) if on else (-1.0, (), ""))
        assert one.by == ("dear" if on else "cheap")
    assert share_gone_on(cascade, found) == sum(c.score != 0 for c in cheap) / len(cheap)


def test_what_the_cheap_one_cannot_tell_goes_on(subject: OpenSubject) -> None:
    asked = praise(name="cheap", reads=("prompt",), roles=("tool",))
    cascade = CascadeDetector("both", "harm", asked, along(subject), 0.5)
    assert (cascade.needs, cascade.fits) == ("activations", along(subject).fits)
    texts = [said("ten", "six"), said("ten", "four")]
    assert cascade.scores(texts, subject)[0].score == along(subject).scores(texts, subject)[0].score
    lost = cascade.scores(texts)[0]
    assert lost.score is None
    assert "no open model" in lost.why


def test_the_dear_one_sees_nothing_that_stays() -> None:
    with pytest.raises(CasebackError, match="no transcripts"):
        share_gone_on(CascadeDetector("both", "x", CHEAP, DEAR, 0.5), [])
    found = CascadeDetector("both", "x", CHEAP, DEAR, 1.0).scores([said("a", "great"), said("a", "dull")])
    assert [(one.score, one.by, one.spans) for one in found] == [(0.0, "cheap", ())] * 2


def test_members_of_two_models_or_of_one_name_are_refused(subject: OpenSubject, other: OpenSubject) -> None:
    with pytest.raises(CasebackError, match="both its members are called"):
        CascadeDetector("both", "x", DEAR, DEAR, 0.5)
    mine, theirs = along(subject), along(other)
    with pytest.raises(CasebackError, match="both its members"):
        CascadeDetector("both", "x", mine, theirs, 0.5)
    with pytest.raises(CasebackError, match="members are of 2 models"):
        CascadeDetector("both", "x", mine, CascadeDetector("deep", "x", CHEAP, theirs, 0.5), 0.5)


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=30), st.floats(-4, 4), st.floats(-4, 4))
def test_surprise_is_the_share_of_negatives_that_score_as_high(negatives: list[float], a: float, b: float) -> None:
    known = Calibration("", (), Auroc(1, 0, 1, 1, 1, 1), tuple(sorted(negatives)), 0, 0)
    n = len(negatives)
    assert surprise(known, a) == pytest.approx(-math.log10((1 + sum(x >= a for x in negatives)) / (1 + n)))
    assert surprise(known, min(a, b)) <= surprise(known, max(a, b))
    assert 0 <= surprise(known, a) <= math.log10(1 + n) + 1e-12


def calibrated(detector: Detector, subject: OpenSubject | None = None) -> Detector:
    yes, no = [said("a", "great six")], [said("a", word) for word in ("dull", "four", "clever")]
    return with_known(detector, calibration=calibrate(detector, yes, no, (0.5,), subject))


@pytest.mark.parametrize("rule", ["mean", "max"])
def test_an_ensemble_is_the_mean_or_the_largest_of_surprises(subject: OpenSubject, tmp_path: Path, rule: str) -> None:
    members = tuple(calibrated(each, subject) for each in (DEAR, along(subject), lit(subject, tmp_path / "d")))
    texts = [said("a", "great"), said("a", "four five"), said("a", "nothing at all")]
    found = EnsembleDetector("all", "x", members, rule).scores(texts, subject)  # type: ignore[arg-type]
    for at, one in enumerate(found):
        each = [surprise(m.known.calibration, m.scores(texts, subject)[at].score) for m in members]  # type: ignore[arg-type]
        assert one.score == pytest.approx(max(each) if rule == "max" else sum(each) / 3)
    assert found[0].spans


def test_an_ensemble_cannot_tell_where_a_member_cannot(subject: OpenSubject) -> None:
    both = EnsembleDetector("all", "x", (calibrated(DEAR), calibrated(along(subject), subject)), "max")
    one = both.scores([said("a", "great")])[0]
    assert one.score is None
    assert one.why.startswith("along: it needs activations")


def test_members_without_calibration_are_refused() -> None:
    for members, why in (((calibrated(DEAR), CHEAP), "calibrate its member cheap"), ((calibrated(DEAR),), "1 members")):
        with pytest.raises(CasebackError, match=why):
            EnsembleDetector("all", "x", members, "mean")
