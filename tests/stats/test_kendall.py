"""Kendall's tau: against scipy, and its exact p-value against counting."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from caseback.stats.kendall import half_width, kendall

LISTS = st.integers(3, 6).flatmap(
    lambda n: st.tuples(*(st.lists(st.integers(0, 4), min_size=n, max_size=n) for _ in range(2)))
)


@given(LISTS)
def test_tau_is_scipys_ties_and_all(lists):
    found, known = kendall(*lists).value, kendalltau(*lists).statistic
    assert (math.isnan(found) and math.isnan(known)) or found == pytest.approx(known)


@given(st.permutations(range(6)))
def test_the_p_value_is_scipys_exact_one_without_ties(order):
    found = kendall(range(6), order)
    assert found.p == pytest.approx(kendalltau(range(6), order, method="exact").pvalue)


def test_the_p_value_with_ties_counts_orders():
    first, second = [1, 1, 2, 3], [2, 5, 5, 7]
    own = abs(kendalltau(first, second).statistic)
    orders = [abs(kendalltau(first, order).statistic) for order in itertools.permutations(second)]
    assert kendall(first, second).p == pytest.approx(np.mean([tau >= own - 1e-9 for tau in orders]))


def test_sampled_orders_come_near_the_exact_p_value():
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(2, 9))
    assert kendall(first, second).p == pytest.approx(kendalltau(first, second, method="exact").pvalue, abs=0.02)


def test_few_cases_say_nothing_of_the_population_and_many_do():
    few, many = kendall(range(5), range(5)), kendall(range(40), range(40))
    assert few.low < -0.9
    assert 0 < many.low < many.high == 1


def test_the_interval_covers_the_population():
    rng, missed = np.random.default_rng(0), 0
    truth = 2 / math.pi * math.asin(0.8)
    for _ in range(100):
        x = rng.normal(size=60)
        y = 0.8 * x + 0.6 * rng.normal(size=60)
        missed += abs(kendalltau(x, y).statistic - truth) > half_width(60, 0.95)
    assert missed <= 5


def test_lists_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match="must be pairs"):
        kendall([1, 2], [1])
