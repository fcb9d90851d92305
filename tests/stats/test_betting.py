"""Bets against a null: fair under it, to the last digit; and discoveries at a rate."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binom

from caseback.stats.betting import discoveries, e_value


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
