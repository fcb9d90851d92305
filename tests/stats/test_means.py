"""Means of clustered amounts: against plain formulas."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from caseback.stats.means import clustered_mean


def test_one_case_to_a_cluster_gives_students_interval():
    amounts = [0.3, 1.9, 2.2, 0.8, 4.1, 1.0]
    found = clustered_mean([(str(i), amount, 1.0) for i, amount in enumerate(amounts)])
    half = t.ppf(0.975, 5) * np.std(amounts, ddof=1) / math.sqrt(6)
    assert (found.value, found.n, found.clusters) == (pytest.approx(np.mean(amounts)), 6, 6)
    assert (found.low, found.high) == (pytest.approx(found.value - half), pytest.approx(found.value + half))


def test_cases_that_are_copies_within_clusters_carry_no_more_than_one_each():
    once = clustered_mean([(family, amount, 1.0) for family, amount in (("a", 1.0), ("b", 2.0), ("c", 4.0))])
    copied = clustered_mean([(f, amount, 1.0) for f, amount in (("a", 1.0), ("b", 2.0), ("c", 4.0)) for _ in range(9)])
    assert copied.n == 27
    assert (copied.low, copied.high) == (pytest.approx(once.low), pytest.approx(once.high))


def test_a_ratio_is_of_the_sums():
    found = clustered_mean([("a", 1.0, 2.0), ("b", 3.0, 10.0)])
    assert found.value == pytest.approx(4 / 12)


def test_one_cluster_says_nothing_of_others_and_none_says_nothing():
    assert clustered_mean([("a", 1.0, 1.0), ("a", 3.0, 1.0)]).high == math.inf
    assert math.isnan(clustered_mean([("a", 0.0, 0.0)]).value)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.floats(0, 9), st.floats(0.1, 9)), min_size=1))
def test_the_interval_holds_the_value(cases):
    found = clustered_mean(cases)
    assert found.low <= found.value <= found.high
