"""Bets against a null: fair under it, to the last digit; and discoveries at a rate."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binom, multinomial

from caseback.stats.betting import (
    RARE,
    checked_counts,
    discoveries,
    e_value,
    log_e_above,
    log_e_of_mean,
    log_e_of_mean_above,
    log_likelihood,
    log_mixture,
)


@given(st.integers(0, 40), st.floats(0.02, 0.98), st.floats(0.001, 1.0))
def test_under_the_null_a_bet_is_fair_and_below_it_a_loss(n: int, null: float, share: float) -> None:
    values = np.array([e_value(k, n, null) for k in range(n + 1)])
    at_null = float((binom.pmf(range(n + 1), n, null) * values).sum())
    assert at_null == pytest.approx(1.0, rel=1e-6)
    below = float((binom.pmf(range(n + 1), n, share * null) * values).sum())
    assert below <= 1.0 + 1e-9


@given(st.integers(0, 25), st.integers(0, 25), st.floats(0.05, 0.95))
def test_it_is_the_mean_likelihood_ratio_above_the_null(k: int, more: int, null: float) -> None:
    n = k + more

    def ratio(p: float) -> float:
        return (p / null) ** k * ((1 - p) / (1 - null)) ** (n - k)

    mean = quad(ratio, null, 1.0, epsrel=1e-9)[0] / (1 - null)
    assert e_value(k, n, null) == pytest.approx(mean, rel=1e-5)


def test_looking_after_every_trial_still_errs_at_most_once_in_twenty() -> None:
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(400):
        k = 0
        for n in range(1, 121):
            k += int(rng.random() < 0.5)
            if e_value(k, n, 0.5) >= 20:
                alarms += 1
                break
    assert alarms / 400 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)


def test_discoveries_are_the_longest_run_that_is_strong_enough() -> None:
    # m = 4 at 0.05: the largest needs 80, the second 40, the third 27, the fourth 20.
    assert discoveries({"a": 100.0, "b": 30.0, "c": 28.0, "d": 1.0}) == ["a", "b", "c"]
    assert discoveries({"a": 79.0, "b": 1.0, "c": 1.0, "d": 1.0}) == []
    assert discoveries({}) == []


@pytest.mark.parametrize(("k", "n", "null"), [(3, 2, 0.5), (-1, 2, 0.5), (1, 2, 0.0), (1, 2, 1.0)])
def test_what_makes_no_sense_is_refused(k: int, n: int, null: float) -> None:
    with pytest.raises(ValueError, match=r"events in|not between"):
        e_value(k, n, null)


def log_e_of_rate(events: npt.ArrayLike, trials: npt.ArrayLike, rate: npt.ArrayLike) -> np.ndarray:
    k, n = checked_counts(events, trials)
    return log_mixture(k, n) - log_likelihood(k, n, np.asarray(rate))


@given(st.integers(0, 25), st.integers(0, 25), st.floats(0.01, 0.9))
@settings(deadline=None, max_examples=20)
def test_bets_on_rare_rates_are_the_mixture_that_is_said(k: int, more: int, null: float) -> None:
    """The substitution u = q ** RARE makes the density flat."""
    n = k + more

    def ratio(u: float) -> float:
        q = u ** (1 / RARE)
        return float((q / null) ** k * ((1 - q) / (1 - null)) ** (n - k))

    whole = quad(ratio, 0, 1, epsrel=1e-9, limit=200)[0]
    assert log_e_of_rate(k, n, null) == pytest.approx(math.log(whole), abs=1e-6)
    cut = null**RARE
    above = quad(ratio, cut, 1, epsrel=1e-9, limit=200)[0] / (1 - cut)
    assert log_e_above(k, n, null) == pytest.approx(math.log(above), abs=1e-6)


def test_one_event_by_hand() -> None:
    """B(1.1, 1) / B(0.1, 1) = 1/11, so one event in one trial against a rate of 1/100 makes 100/11."""
    assert math.exp(log_e_of_rate(1, 1, 0.01)) == pytest.approx(100 / 11)
    assert log_e_of_rate([0, 0, 1], [0, 1, 1], [0.0, 0.0, 1.0]) == pytest.approx(
        [0, -math.log(1.1), -math.log(11)], abs=1e-12
    )
    assert log_e_of_rate(1, 2, 0.0) == math.inf


@pytest.mark.parametrize("mean", [0.002, 0.1, 0.6])
def test_a_weighted_bet_is_fair_over_every_outcome(mean: float) -> None:
    """Values 1, 1/2, 1/10 and 0, ten observations: the expectation is 1 at the mean, and less below a bounded one."""
    values, n = np.array([1.0, 0.5, 0.1]), 10
    chances = np.array([0.4, 0.4, 0.2]) * mean / (0.4 + 0.2 + 0.02)
    outcomes = np.array([o for o in np.ndindex(n + 1, n + 1, n + 1) if sum(o) <= n])
    rest = n - outcomes.sum(axis=1, keepdims=True)
    weight = multinomial.pmf(np.hstack([outcomes, rest]), n, [*chances, 1 - chances.sum()])
    trials = np.full(len(outcomes), n)
    either = np.exp(log_e_of_mean(values, outcomes, trials, np.full(len(outcomes), mean)))
    assert weight @ either == pytest.approx(1.0, rel=1e-9)
    above = np.exp(log_e_of_mean_above(values, outcomes, trials, mean))
    assert weight @ above == pytest.approx(1.0, rel=1e-9)
    assert weight @ np.exp(log_e_of_mean_above(values, outcomes, trials, mean * 1.2)) < 1


def test_whole_observations_bet_as_events_do() -> None:
    """But for the fifth of the money that Beta(0.1, 1) has below the least rate that is bet on."""
    k, n = np.array([0, 3, 30, 0]), np.array([500, 1000, 1000, 0])
    for rate in (1e-3, 1e-2, 0.2):
        near = log_e_of_mean([1.0], k[:, None], n, np.full(4, rate))
        assert near == pytest.approx(log_e_of_rate(k, n, rate), abs=0.3)
        assert log_e_of_mean_above([1.0], k[:, None], n, rate) == pytest.approx(log_e_above(k, n, rate), abs=0.3)


@given(st.integers(0, 9), st.integers(0, 9), st.floats(0.02, 0.5), st.floats(0.02, 0.5))
def test_the_logarithm_is_convex_in_the_mean(one: int, half: int, a: float, b: float) -> None:
    ends = log_e_of_mean([1.0, 0.5], [[one, half]] * 3, [30] * 3, np.array([a, (a + b) / 2, b]))
    assert ends[1] <= (ends[0] + ends[2]) / 2 + 1e-9


def test_bad_counts_name_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="nan events in 4 trials"):
        log_e_of_rate([1, math.nan], [4, 4], 0.1)
    with pytest.raises(ValueError, match="1 events in inf trials"):
        log_e_of_rate(1, math.inf, 0.1)
    with pytest.raises(ValueError, match="empty"):
        log_e_of_rate([], [], 0.1)
    with pytest.raises(ValueError, match=r"mean 1\.5 is not"):
        log_e_of_mean([1.0], [[1]], [2], 1.5)
    with pytest.raises(ValueError, match="shape of -1"):
        log_e_above(1, 2, 0.5, -1)
    with pytest.raises(ValueError, match=r"value 1\.5"):
        log_e_of_mean([1.5], [[1]], [2], 0.5)
    with pytest.raises(ValueError, match="count -1"):
        log_e_of_mean([1.0, 0.5], [[2, -1]], [2], 0.5)
    with pytest.raises(ValueError, match="3 events in 2 trials"):
        log_e_of_mean([1.0, 0.5], [[2, 1]], [2], 0.5)
    with pytest.raises(ValueError, match=r"values of shape \(2,\)"):
        log_e_of_mean([1.0, 0.5], [[2]], [2], 0.5)
    with pytest.raises(ValueError, match="null of 0"):
        log_e_of_mean_above([1.0], [[1]], [2], 0)
