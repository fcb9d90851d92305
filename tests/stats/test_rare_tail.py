"""Rare tails: what few queries foretell of a million that are really drawn, and that the intervals hold it."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.stats.rare_tail import TAIL, rare_tail

Draw = Callable[[np.random.Generator, int], np.ndarray]


def gumbel(start: float, scale: float) -> Draw:
    """The line itself: the score is exponential."""
    return lambda rng, n: np.exp(-np.exp(-(start + rng.exponential(scale, n))))


def lognormal(mean: float, spread: float) -> Draw:
    return lambda rng, n: np.exp(np.minimum(rng.normal(mean, spread, n), -1e-6))


def logit_normal(mean: float, spread: float) -> Draw:
    return lambda rng, n: 1 / (1 + np.exp(-rng.normal(mean, spread, n)))


def beta(a: float, b: float) -> Draw:
    return lambda rng, n: np.maximum(rng.beta(a, b, n), 1e-300)


@pytest.mark.parametrize(
    ("draw", "measured", "queries"),
    [
        (gumbel(-3, 0.15), 200, 20_000),
        (gumbel(-2.5, 0.25), 1_000, 1_000_000),
        (lognormal(-20, 3), 1_000, 1_000_000),
        (lognormal(-9, 1.5), 1_000, 100_000),
        (logit_normal(-12, 2.5), 1_000, 1_000_000),
        (logit_normal(-8, 1.5), 300, 100_000),
        (beta(0.2, 50), 1_000, 100_000),
    ],
)
def test_what_is_foretold_of_many_queries_comes_true(draw: Draw, measured: int, queries: int) -> None:
    """At least 95 % less three standard errors of 60 runs (0.084), for each of the three."""
    rng, runs = np.random.default_rng(4), 60
    held = np.zeros(3)
    for _ in range(runs):
        found = rare_tail(draw(rng, measured).tolist(), queries)
        future = draw(rng, queries)
        truth = (future.max(), future.sum(), -math.expm1(np.log1p(-future).sum()))
        told = (found.largest, found.expected, found.any)
        held += [each.low <= true <= each.high for each, true in zip(told, truth, strict=True)]
    assert (held / runs >= 0.95 - 0.084).all(), held / runs


def test_where_the_line_is_one_the_worst_query_is_held_as_often_as_said() -> None:
    """The largest of a million exponential scores is drawn at once; 95 % less three standard errors of 200 runs."""
    rng, held, runs = np.random.default_rng(5), 0, 200
    draw = gumbel(-3, 0.15)
    for _ in range(runs):
        found = rare_tail(draw(rng, 500).tolist(), 1_000_000).largest
        score = -3 - 0.15 * math.log(-math.expm1(math.log(rng.random()) / 1_000_000))
        held += found.low <= math.exp(-math.exp(-score)) <= found.high
    assert held / runs >= 0.95 - 0.046


def test_a_rare_kind_that_was_not_measured_is_not_foretold() -> None:
    """One query in 10,000 nearly always goes wrong: the known limit of any line through the rest."""
    found = rare_tail(lognormal(-20, 2)(np.random.default_rng(0), 1_000).tolist(), 1_000_000)
    assert found.expected.high < 0.5 * 100


ordinary = st.lists(st.floats(1e-12, 0.5), min_size=TAIL + 1, max_size=60, unique=True)


@given(ordinary, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_the_forecast_is_within_bounds_and_does_not_mind_the_order(values, random) -> None:  # type: ignore[no-untyped-def]
    found = rare_tail(values, 1_000)
    for each in (found.largest, found.any, found.expected):
        assert 0 <= each.low <= each.value <= each.high
    assert found.any.high <= 1
    assert found.largest.high <= 1
    assert found.expected.high <= 1_000
    assert found.any.value <= found.expected.value + 1e-9
    shuffled = values.copy()
    random.shuffle(shuffled)
    assert rare_tail(shuffled, 1_000) == found


@given(ordinary, st.integers(60, 10**6), st.integers(60, 10**6))
@settings(deadline=None, max_examples=30)
def test_more_queries_can_only_make_it_worse(values: list[float], one: int, other: int) -> None:
    few, many = (rare_tail(values, n) for n in sorted((one, other)))
    assert few.largest.value <= many.largest.value
    assert few.any.value <= many.any.value + 1e-6
    assert few.beyond <= many.beyond == max(one, other) / len(values)


def test_bad_chances_are_refused() -> None:
    good = [0.01 * i for i in range(1, 21)]
    with pytest.raises(ValueError, match=r"chance 1\.0"):
        rare_tail([*good, 1.0], 100)
    with pytest.raises(ValueError, match="chance nan"):
        rare_tail([*good, math.nan], 100)
    with pytest.raises(ValueError, match="a tail of 10 of 10"):
        rare_tail(good[:10], 100)
    with pytest.raises(ValueError, match="19 queries are fewer than the 20"):
        rare_tail(good, 19)
    with pytest.raises(ValueError, match="5 chances are above 0"):
        rare_tail([0.0] * 20 + good[:5], 100)
    with pytest.raises(ValueError, match=r"all 0\.25: no line"):
        rare_tail([0.25] * 20, 100)
    with pytest.raises(ValueError, match="confidence 0"):
        rare_tail(good, 100, confidence=0)
