"""Likelihood ratios: the table of perfect games, cover counted over every outcome, and Bayes' rule."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from caseback.stats.likelihood_ratio import (
    LikelihoodRatio,
    LikelihoodRatios,
    exact_likelihood_ratios,
    likelihood_ratios,
    posterior,
)

counts = st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("n", "least", "ratio", "cut"),
    [
        (3, 0.292, 2.42, 0.4),
        (5, 0.478, 1.09, 0.9),
        (10, 0.692, 0.446, 2.2),
        (20, 0.832, 0.203, 4.9),
        (30, 0.884, 0.131, 7.6),
        (56, 0.936, 0.068, 14.7),
        (100, 0.964, 0.038, 26.6),
        (200, 0.982, 0.019, 53.7),
    ],
)
def test_all_caught_and_all_passed(n: int, least: float, ratio: float, cut: float) -> None:
    found = exact_likelihood_ratios((n, n), (0, n))
    assert found.sensitivity.low == pytest.approx(least, abs=5e-4)
    assert 1 - found.false_alarms.high == pytest.approx(least, abs=5e-4)
    assert found.negative.high == pytest.approx(ratio, abs=5e-3 if ratio > 1 else 5e-4)
    assert 1 / found.negative.high == pytest.approx(cut, abs=0.06)
    assert found.positive.low == pytest.approx(1 / found.negative.high)
    assert (found.negative.value, found.positive.value, found.positive.high) == (0, math.inf, math.inf)
    apart = {str(i): (1, 1) for i in range(n)}
    assert likelihood_ratios(apart, dict.fromkeys(apart, (0, 1))).negative.high == pytest.approx(found.negative.high)


@pytest.mark.parametrize(("organisms", "twins"), [(5, 20), (10, 10), (20, 60), (60, 60)])
def test_every_limit_covers_by_enumeration(organisms: int, twins: int) -> None:
    """Summed over every outcome, so no simulation error: the interval, and the two limits of a verdict at once."""
    table = [
        [exact_likelihood_ratios((k, organisms), (j, twins)) for j in range(twins + 1)] for k in range(organisms + 1)
    ]
    limits = {
        (name, end): np.array([[getattr(getattr(cell, name), end) for cell in row] for row in table])
        for name in ("positive", "negative")
        for end in ("low", "high")
    }
    for se, fa in itertools.product((0.1, 0.5, 0.8, 0.95, 1.0), (0.001, 0.05, 0.2, 0.5)):
        chance = binom.pmf(range(organisms + 1), organisms, se)[:, None] * binom.pmf(range(twins + 1), twins, fa)
        true = {"positive": se / fa, "negative": (1 - se) / (1 - fa)}
        low = {name: limits[name, "low"] <= true[name] + 1e-12 for name in true}
        high = {name: limits[name, "high"] >= true[name] - 1e-12 for name in true}
        for name in true:
            assert chance[low[name] & high[name]].sum() >= 0.95
        assert chance[low["positive"] & high["negative"]].sum() >= 0.95
        assert chance[high["positive"] & low["negative"]].sum() >= 0.95


def test_clusters_cover_too() -> None:
    """Ten recipes of five organisms whose rates differ: 95 % less three standard errors of 400 runs (0.033)."""
    rng, covered, runs = np.random.default_rng(0), 0, 400
    for _ in range(runs):
        caught = {f"r{i}": (int(rng.binomial(5, rng.beta(4, 1))), 5) for i in range(10)}
        alarmed = {f"t{i}": (int(rng.binomial(5, rng.beta(0.5, 4.5))), 5) for i in range(10)}
        found = likelihood_ratios(caught, alarmed)
        covered += found.positive.low <= 0.8 / 0.1 and found.negative.high >= 0.2 / 0.9
    assert covered / runs >= 0.95 - 0.033


@given(counts, counts)
@settings(deadline=None)
def test_limits_hold_the_value(caught: tuple[int, int], alarmed: tuple[int, int]) -> None:
    found = exact_likelihood_ratios(caught, alarmed)
    for ratio in (found.positive, found.negative):
        assert 0 <= ratio.low <= ratio.high
        assert math.isnan(ratio.value) or ratio.low <= ratio.value <= ratio.high


@given(st.integers(0, 19), st.integers(0, 19))
@settings(deadline=None)
def test_one_more_caught_is_better_and_one_more_false_alarm_is_worse(k: int, j: int) -> None:
    def of(caught: int, alarmed: int) -> LikelihoodRatios:
        return exact_likelihood_ratios((caught, 20), (alarmed, 20))

    assert of(k + 1, j).negative.high <= of(k, j).negative.high
    assert of(k + 1, j).positive.low >= of(k, j).positive.low
    assert of(k, j + 1).positive.low <= of(k, j).positive.low
    assert of(k, j + 1).negative.high >= of(k, j).negative.high


def test_nothing_measured_bounds_nothing() -> None:
    found = exact_likelihood_ratios((0, 0), (0, 0))
    assert (found.positive.low, found.positive.high, found.negative.low) == (0, math.inf, 0)
    assert math.isnan(found.positive.value)
    assert likelihood_ratios({"one recipe": (30, 30)}, {"one kind": (0, 30)}).negative.high == math.inf


def test_the_posterior_is_bayes() -> None:
    found = posterior([0.01, 0.5], exact_likelihood_ratios((20, 20), (0, 20)).negative)
    assert [each.prior for each in found] == [0.01, 0.5]
    assert found[1].high == pytest.approx(0.203 / 1.203, abs=1e-3)
    assert (found[1].value, found[1].low) == (0, 0)
    assert posterior([0.2], LikelihoodRatio(math.inf, 4.0, math.inf))[0].value == 1
    assert posterior([0.2], LikelihoodRatio(math.inf, 4.0, math.inf))[0].low == pytest.approx(0.5)


@given(st.floats(0.001, 0.999), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_larger_ratio_leaves_a_larger_posterior(prior: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    (found,) = posterior([prior], LikelihoodRatio(low, low, high))
    assert 0 <= found.low == found.value <= found.high <= 1


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="prior 0 is not"):
        posterior([0], LikelihoodRatio(1, 1, 1))
    with pytest.raises(ValueError, match="confidence 1"):
        exact_likelihood_ratios((1, 1), (0, 1), 1)
    with pytest.raises(ValueError, match="2 events in 1"):
        exact_likelihood_ratios((2, 1), (0, 1))
