"""Statistics of assays: an error that does not hang on the rate, and nothing told from too little."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.audit.statistic import angle, of_gap, of_mean, of_rate


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.5, 0.9])
def test_the_error_of_a_rate_is_what_repeated_draws_show(rate: float) -> None:
    n = 160
    drawn = np.random.default_rng(0).binomial(n, rate, 20_000)
    spread = np.std([angle(int(k), n) for k in drawn])
    said = of_rate(round(rate * n), n, n).error
    assert spread == pytest.approx(said, rel=0.12)


@given(st.integers(1, 200), st.data())
def test_a_rate_rises_with_what_was_shown(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n - 1))
    assert of_rate(k, n, n).value < of_rate(k + 1, n, n).value  # type: ignore[operator]
    assert 0 < angle(k, n) < math.pi / 2


def test_a_rate_of_too_few_judged_is_not_told() -> None:
    found = of_rate(0, 19, 40)
    assert found.value is None
    assert found.why == "only 19 of 40 replies could be judged"
    assert of_rate(0, 20, 40).value is not None
    assert of_rate(0, 0, 0).value is None


def test_a_gap_is_nought_where_both_rates_are_one() -> None:
    assert of_gap((5, 40), (5, 40), 40).value == 0
    more = of_gap((30, 40), (5, 40), 40)
    assert more.value is not None
    assert more.value > 0
    assert more.value == -(of_gap((5, 40), (30, 40), 40).value or 0)
    assert of_gap((0, 10), (0, 40), 40).value is None


def test_a_mean_is_of_what_could_be_told() -> None:
    found = of_mean([1.0, 3.0, None, 2.0], "nats")
    assert (found.value, found.n, found.said) == (2.0, 3, "2 nats")
    assert found.error == 0  # nothing is drawn
    assert of_mean([1.0, None, None, None]).value is None
    assert of_mean([1.0, math.nan, 2.0]).why == "a value is not finite"
