"""Hedged capital on scores: cover at every time at once, and narrower where scores vary little."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.stats.confidence_sequence import intersected, rate_sequence
from caseback.stats.hedged_capital import hedged_sequence


@pytest.mark.parametrize(("a", "b"), [(2, 8), (0.1, 0.9), (60, 40)])
def test_every_interval_holds_the_mean_of_scores(a: float, b: float) -> None:
    """95 % less three standard errors of 60 runs (0.084)."""
    rng, held, runs = np.random.default_rng(0), 0, 60
    for _ in range(runs):
        found = hedged_sequence(rng.beta(a, b, size=150))
        held += bool(((found.low <= a / (a + b)) & (a / (a + b) <= found.high)).all())
    assert held / runs >= 0.95 - 0.084


def test_scores_that_vary_little_are_told_more_closely_than_events() -> None:
    scores = np.random.default_rng(1).normal(0.3, 0.02, size=1_000).clip(0, 1)
    found = hedged_sequence(scores)
    of_events = rate_sequence(300, 1_000)
    assert found.high[-1] - found.low[-1] < 0.3 * float(of_events.high - of_events.low)
    assert found.low[-1] <= 0.3 <= found.high[-1]


def test_on_rare_events_counts_do_better_early_on() -> None:
    """One event in 300 trials at a rate of 1e-3, when hedged capital has not yet learnt how rare they are."""
    x = np.zeros(600)
    x[200] = 1
    hedged = hedged_sequence(x)
    counted = intersected(rate_sequence(x.cumsum(), np.arange(1, 601)))
    assert float(hedged.high[-1] - hedged.low[-1]) > float(counted.high[-1] - counted.low[-1])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
@settings(deadline=None, max_examples=15)
def test_intervals_hold_the_estimate_and_never_widen(scores: list[float]) -> None:
    found = hedged_sequence(scores)
    left = ~np.isnan(found.low)
    assert (found.low[left] <= found.value[left]).all()
    assert (found.value[left] <= found.high[left]).all()
    assert (np.diff((found.high - found.low)[left]) <= 0).all()
    mirrored = hedged_sequence([1 - score for score in scores])
    assert mirrored.low[left] == pytest.approx(1 - found.high[left], abs=4e-3)


def test_a_long_stream_is_the_same_in_pieces() -> None:
    """Past the size of a chunk, the first part of a stream has the intervals of that part alone."""
    scores = np.random.default_rng(3).random(1_500)
    whole, part = hedged_sequence(scores), hedged_sequence(scores[:1_200])
    assert whole.low[:1_200].tolist() == part.low.tolist()
    assert whole.high[1_199] < whole.high[1_000]


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match=r"observation 1\.2 is not"):
        hedged_sequence([0.5, 1.2])
    with pytest.raises(ValueError, match="observation nan"):
        hedged_sequence([0.5, math.nan])
    with pytest.raises(ValueError, match=r"shape \(0,\)"):
        hedged_sequence([])
    with pytest.raises(ValueError, match="confidence 0"):
        hedged_sequence([0.5], 0)
