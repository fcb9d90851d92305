"""Effective votes, held against panels whose dependence is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.stats.effective_votes import (
    effective_votes,
    joint_bounds,
    majority_wrong,
    majority_wrong_if_independent,
    mean_error_correlation,
)
from caseback.stats.jackknife import jackknife

rates = st.lists(st.floats(0, 1), min_size=1, max_size=9)


def test_copies_have_one_vote_and_strangers_all_theirs():
    rng = np.random.default_rng(0)
    one = (rng.random(20_000) < 0.3).astype(float)
    assert effective_votes(np.stack([one] * 9)) == pytest.approx(1)
    strangers = (rng.random((9, 20_000)) < 0.3).astype(float)
    assert effective_votes(strangers) == pytest.approx(9, abs=0.3)


def test_a_shared_cause_of_half_the_errors():
    """Judges that copy a common coin half of the time correlate by a quarter: nine are worth three."""
    rng = np.random.default_rng(1)
    common, own = rng.random(100_000) < 0.3, rng.random((9, 100_000)) < 0.3
    wrong = np.where(rng.random((9, 100_000)) < 0.5, common, own).astype(float)
    assert mean_error_correlation(wrong) == pytest.approx(0.25, abs=0.01)
    assert effective_votes(wrong) == pytest.approx(3, abs=0.1)


def test_judges_that_are_never_wrong_tell_nothing():
    assert math.isnan(effective_votes(np.zeros((3, 10))))


def test_cases_that_one_did_not_answer_are_left_out_of_its_pairs():
    wrong = np.array([[1, 0, 1, 0, np.nan, np.nan], [1, 0, 1, 0, 1, 0]], dtype=float)
    assert mean_error_correlation(wrong) == 1


def test_the_majority_is_of_those_that_answer():
    wrong = np.array([[1, 1, 0, np.nan], [1, 0, 0, np.nan], [np.nan, 0, 1, np.nan]])
    assert majority_wrong(wrong)[:3].tolist() == [1, 0, 0]
    assert math.isnan(majority_wrong(wrong)[3])
    assert majority_wrong(wrong[:2, 1:2]).tolist() == [0.5]


@given(rates)
def test_independent_majorities_are_those_of_all_patterns(given_rates):
    total = 0.0
    for pattern in np.ndindex(*(2,) * len(given_rates)):
        p = math.prod(r if w else 1 - r for r, w in zip(given_rates, pattern, strict=True))
        total += p * (1 if 2 * sum(pattern) > len(pattern) else 0.5 if 2 * sum(pattern) == len(pattern) else 0)
    assert majority_wrong_if_independent(given_rates) == pytest.approx(total, abs=1e-9)


@given(st.integers(1, 6), st.integers(1, 40), st.integers(0, 1000))
def test_what_fails_together_lies_within_its_bounds(layers, cases, seed):
    failed = np.random.default_rng(seed).random((layers, cases)) < 0.5
    low, high = joint_bounds(failed.mean(axis=1).tolist())
    assert low - 1e-9 <= failed.all(axis=0).mean() <= high + 1e-9


@pytest.mark.parametrize("bad", [[], [1.2]])
def test_what_are_no_rates_is_refused(bad):
    with pytest.raises(ValueError, match="rates"):
        majority_wrong_if_independent(bad)
    with pytest.raises(ValueError, match="no layers"):
        joint_bounds([])


def test_a_jackknifed_mean_is_students():
    values = np.array([1.0, 2.0, 4.0, 7.0])
    found = jackknife(lambda rows: float(values[rows].mean()), ["a", "b", "c", "d"])
    assert found.value == 3.5
    assert found.high - found.value == pytest.approx(3.182446 * values.std(ddof=1) / 2, rel=1e-5)


def test_one_cluster_or_a_statistic_that_cannot_be_told_has_no_bounds():
    assert jackknife(lambda rows: 1.0, ["a", "a"]).high == math.inf
    assert jackknife(lambda rows: math.nan, ["a", "b"]).low == -math.inf
