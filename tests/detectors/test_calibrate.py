"""Thresholds hold what they promise, and few negatives are said to be few."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.detectors.calibrate import calibrate, measure_cost
from caseback.detectors.kinds import with_known
from caseback.detectors.known import threshold_for
from caseback.detectors.self_test import make_self_tests, self_test, stale
from caseback.errors import CasebackError
from caseback.interp.directions.belonging import tokenizer_digest
from caseback.stats.rate import exact_rate
from caseback.stats.threshold import set_threshold
from caseback.subject.digest import joined_digest
from caseback.subject.open_subject import OpenSubject
from detectors.chats import along, lit, praise, said

CLEAN = [said(f"{n}?", "fine") for n in range(120)]
SHOWN = [said(f"{n}?", "great" if n % 4 else "fine, but no") for n in range(40)]


def test_known_counts_give_known_figures() -> None:
    found = calibrate(praise(), SHOWN, CLEAN)
    loose, strict = found.points
    assert (loose.threshold, loose.threshold.met) == (
        set_threshold([0.0] * 120, [str(n) for n in range(120)], 0.01),
        True,
    )
    assert (strict.threshold.met, strict.threshold.expected) == (False, 1 / 121)
    exact = exact_rate(30, 40)
    assert (loose.recall.k, loose.recall.n) == (30, 40)
    assert exact.low - 0.01 < loose.recall.low <= exact.low < exact.high <= loose.recall.high < exact.high + 0.01
    assert found.auroc.value == pytest.approx(0.75 + 0.25 / 2)
    assert found.negatives == (0.0,) * 120
    again = calibrate(praise(), SHOWN, CLEAN)
    assert again == found
    assert calibrate(praise(), SHOWN[1:], CLEAN).data != found.data


def test_scores_of_activations_are_calibrated_as_any_others(subject: OpenSubject) -> None:
    yes, no = [said("a", word) for word in ("six", "ten")], [said("a", f"four {n}") for n in range(30)]
    found = calibrate(along(subject), yes, no, (0.1,), subject)
    scores = [one.score for one in along(subject).scores(no, subject)]
    assert found.negatives == pytest.approx(sorted(scores), abs=1e-5)  # type: ignore[type-var]
    assert found.points[0].threshold.value == pytest.approx(sorted(scores)[-3], abs=1e-5)  # type: ignore[type-var]


def test_what_could_not_be_told_is_counted_apart() -> None:
    found = calibrate(praise(), [*SHOWN, said("?")], [*CLEAN, said("!"), said("!!")])
    assert (found.untold_positives, found.untold_negatives) == (1, 2)
    assert found.points == calibrate(praise(), SHOWN, CLEAN).points


def test_families_widen_intervals() -> None:
    kin = [said(f"{n}?", "great" if n % 4 else "fine, but no", family=f"f{n // 10}") for n in range(40)]
    together, apart = (calibrate(praise(), yes, CLEAN).points[0].recall for yes in (kin, SHOWN))
    assert (together.k, together.n) == (apart.k, apart.n)
    assert together.low <= apart.low
    assert together.high >= apart.high


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.sampled_from([0.5, 0.1, 0.02]))
def test_no_more_negatives_lie_above_than_the_rank_allows(hits: list[bool], target: float) -> None:
    no = [said(f"{n}?", "great" if hit else "fine") for n, hit in enumerate(hits)]
    found = calibrate(praise(), [said("yes?", "great")], no, (target,)).points[0].threshold
    above = sum(hit for hit in hits if float(hit) > found.value)
    assert above < found.rank
    assert found.met == (len(hits) + 1 >= 1 / target - 1e-9)


@pytest.mark.parametrize(
    ("yes", "no", "targets", "why"),
    [
        ([], CLEAN, (0.1,), "no positive could be scored"),
        (SHOWN, [], (0.1,), "no negative could be scored"),
        ([said("?")], CLEAN, (0.1,), "no content in the reply"),
        ([said("?", "a", label=False)], CLEAN, (0.1,), "positive 1 is labelled false"),
        (SHOWN, [*CLEAN, said("?", "a", label=True)], (0.1,), "negative 121 is labelled true"),
        (SHOWN, [*CLEAN, SHOWN[3]], (0.1,), "negative 121 is among the positives too"),
        (SHOWN, CLEAN, (1.0,), "target 1.0"),
    ],
)
def test_data_that_cannot_calibrate_are_refused(yes: list, no: list, targets: tuple[float, ...], why: str) -> None:
    with pytest.raises(CasebackError, match=why):
        calibrate(praise(), yes, no, targets)


def test_a_threshold_is_had_by_its_target() -> None:
    found = calibrate(praise(), SHOWN, CLEAN)
    assert threshold_for("x", found).target == 0.01
    assert threshold_for("x", found, 0.001).target == 0.001
    with pytest.raises(CasebackError, match=r"no threshold for 0\.5.*it has: 0\.01, 0\.001"):
        threshold_for("x", found, 0.5)
    with pytest.raises(CasebackError, match="not calibrated"):
        threshold_for("x", None)


def test_cost_is_per_token_where_activations_are_read(subject: OpenSubject) -> None:
    text, acts = measure_cost(praise(), CLEAN), measure_cost(along(subject), CLEAN[:4], subject)
    assert (text.per, text.n) == ("character", sum(len(f"{n}?fine") for n in range(120)))
    assert (acts.per, acts.n) == ("token", sum(subject.count_tokens(t) for n in range(4) for t in (f"{n}?", "fine")))
    assert min(text.microseconds, acts.microseconds) > 0
    with pytest.raises(CasebackError, match="nothing could be scored"):
        measure_cost(praise(), [said("?")])


def test_self_tests_hold_a_detector_to_its_scores(subject: OpenSubject) -> None:
    texts = [said("a", "great"), said("a", "dull"), said("a")]
    for made, model in ((praise(), None), (along(subject), subject)):
        tests = make_self_tests(made, texts, model)
        assert tests[2].score is None
        done = self_test(with_known(made, self_tests=tests), model)
        assert (done.n, done.failed) == (3, ())
    tests = make_self_tests(praise(), texts)
    changed = with_known(praise(patterns=("dull",)), self_tests=tests)
    assert [(each.number, each.wanted, each.got.score) for each in self_test(changed).failed] == [
        (0, 1.0, 0.0), (1, 0.0, 1.0)
    ]  # fmt: skip
    everything = with_known(praise(reads=("prompt",)), self_tests=tests)
    assert [(each.number, each.wanted, each.got.score) for each in self_test(everything).failed][-1] == (2, None, 0.0)
    with pytest.raises(CasebackError, match="needs activations"):
        self_test(along(subject))


def test_a_detector_is_stale_on_another_model_or_tokenizer(
    subject: OpenSubject, other: OpenSubject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert stale(praise()).word == "needs no model"
    assert stale(praise(), other).word == "needs no model"
    for made in (along(subject), lit(subject, tmp_path_factory.mktemp("d"))):
        assert stale(made).word == "cannot tell"
        assert stale(made, subject).word == "fits"
        found = stale(made, other)
        assert (found.word, "the model changed" in found.why) == ("stale", True)
    made, template = along(subject), subject.tokenizer.chat_template
    subject.tokenizer.chat_template = "{{ messages }}"
    try:
        found = stale(made, subject)
    finally:
        subject.tokenizer.chat_template = template
    assert (found.word, "tokenizer or chat template" in found.why) == ("stale", True)
    assert stale(made, subject).word == "fits"


def test_padding_and_cutting_off_make_no_detector_stale(subject: OpenSubject) -> None:
    made = along(subject)
    backend = subject.tokenizer.backend_tokenizer
    backend.enable_padding(length=8)
    backend.enable_truncation(max_length=8)
    try:
        assert stale(made, subject).word == "fits"
        assert tokenizer_digest(subject) == made.fits.tokenizer
        # What earlier versions wrote while it was padding, or of a tokenizer that comes so, still fits.
        before = joined_digest([backend.to_str(), json.dumps(subject.tokenizer.chat_template, sort_keys=True)])
        assert before != made.fits.tokenizer
        old = replace(made, direction=replace(made.direction, tokenizer=before))
        assert stale(old, subject).word == "fits"
    finally:
        backend.no_padding()
        backend.no_truncation()
    assert stale(old, subject).word == "stale"
