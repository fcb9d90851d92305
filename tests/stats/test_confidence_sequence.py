"""Sequences of intervals: they hold the rate at every trial at once, and do what intervals must."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import betaln

from caseback.stats.confidence_sequence import ConfidenceSequence, intersected, mean_sequence, rate_sequence

ERROR = 3 * math.sqrt(0.05 * 0.95 / 400)
"""Three standard errors of 400 runs."""


@pytest.mark.parametrize("rate", [0.3, 1e-2, 1e-3, 1e-4])
def test_every_interval_of_a_stream_holds_the_rate(rate: float) -> None:
    """Looked at after every trial: the low bound can only pass the rate at an event, the high one just before one."""
    times = np.random.default_rng(1).geometric(rate, size=(400, 60)).cumsum(axis=1)
    k = np.broadcast_to(np.arange(1, 61), times.shape)
    too_high = rate_sequence(k, times).low > rate
    too_low = rate_sequence(k - 1, times - 1).high < rate
    held = ~(too_high | too_low).any(axis=1)
    assert held.mean() >= 0.95 - ERROR
    # It says something too: after 60 events the bounds are within a factor of three.
    end = rate_sequence(60, times[:, -1])
    assert float(np.mean(end.high / end.low)) < 3


def test_weighted_observations_are_held_at_every_checkpoint() -> None:
    """Weights as audits have them: 1 for the random slice, 1/30 for the flagged; mean 1e-3."""
    values, chances = [1.0, 1 / 30], np.array([5e-4, 15e-3])
    rng, runs = np.random.default_rng(2), 400
    sizes = np.diff(np.geomspace(1_000, 100_000, 5).astype(int), prepend=0)
    counts = np.stack([rng.multinomial(n, [*chances, 1 - chances.sum()], size=runs)[:, :2] for n in sizes]).cumsum(0)
    trials = np.broadcast_to(sizes.cumsum()[:, None], counts.shape[:2])
    found = mean_sequence(values, counts, trials)
    assert ((found.low <= 1e-3) & (found.high >= 1e-3)).all(axis=0).mean() >= 0.95 - ERROR
    assert float(found.high[-1].mean()) < 2e-3


def test_the_bounds_solve_the_closed_form() -> None:
    def evidence(rate: float) -> float:
        mixture = float(betaln(7.1, 994.0)) + math.log(0.1)
        return mixture - 7 * math.log(rate) - 993 * math.log1p(-rate) - math.log(20)

    found = rate_sequence(7, 1000)
    assert found.low == pytest.approx(brentq(evidence, 1e-9, 7e-3, xtol=1e-15), rel=1e-6)
    assert found.high == pytest.approx(brentq(evidence, 7e-3, 0.5, xtol=1e-15), rel=1e-6)


def test_without_events_the_high_bound_costs_little_more_than_at_a_fixed_time() -> None:
    """Clopper and Pearson's is about 3.69 / n; here log 20 and a tenth of log n."""
    found = rate_sequence([0, 0], [0, 10_000])
    assert found.low.tolist() == [0, 0]
    assert found.high[0] == 1
    assert math.isnan(found.value[0])
    assert 3.69e-4 < found.high[1] < 4.2e-4


counts = st.integers(1, 3_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, st.floats(0.5, 0.99))
@settings(deadline=None, max_examples=25)
def test_an_interval_holds_its_estimate_and_grows_with_confidence(count: tuple[int, int], confidence: float) -> None:
    found, wider = rate_sequence(*count, confidence), rate_sequence(*count, (1 + confidence) / 2)
    assert 0 <= wider.low <= found.low <= found.value <= found.high <= wider.high <= 1


@given(st.integers(0, 99), st.integers(2, 20))
@settings(deadline=None, max_examples=25)
def test_more_events_move_it_up_and_more_trials_narrow_it(k: int, times: int) -> None:
    found = rate_sequence([k, k + 1, k * times], [100, 100, 100 * times])
    assert found.low[0] <= found.low[1]
    assert found.high[0] <= found.high[1]
    assert found.high[2] - found.low[2] < found.high[0] - found.low[0]


@given(st.integers(0, 20), st.integers(0, 20), st.integers(41, 200))
@settings(deadline=None, max_examples=15)
def test_weighted_intervals_mind_neither_the_order_of_values_nor_a_half_counted_twice(a: int, b: int, n: int) -> None:
    found = mean_sequence([1.0, 0.5], [a, b], n)
    assert found.low <= found.value <= found.high
    swapped, split = mean_sequence([0.5, 1.0], [b, a], n), mean_sequence([0.5, 1.0, 0.5], [0, a, b], n)
    for other in (swapped, split):
        assert (other.low, other.high) == (pytest.approx(found.low), pytest.approx(found.high))
    assert mean_sequence([1.0, 0.5], [a + 1, b], n).high >= found.high


def test_intersecting_only_narrows_and_notices_a_rate_that_is_not_constant() -> None:
    steady = rate_sequence([0, 10, 12], [100, 1_000, 1_500])
    cut = intersected(steady)
    assert cut.low.tolist() == np.maximum.accumulate(steady.low).tolist()
    assert (np.diff(cut.high) <= 0).all()
    moved = intersected(rate_sequence([0, 400], [2_000, 4_000]))
    assert moved.high[0] < 0.01
    assert np.isnan([moved.low[1], moved.high[1], moved.value[1]]).all()


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="3 events in 2 trials"):
        rate_sequence([1, 3], [2, 2])
    with pytest.raises(ValueError, match="-1 events in 2"):
        rate_sequence(-1, 2)
    with pytest.raises(ValueError, match="nan events"):
        rate_sequence(math.nan, 2)
    with pytest.raises(ValueError, match="confidence 1"):
        rate_sequence(1, 2, 1)
    with pytest.raises(ValueError, match=r"value 0\.0 is not"):
        mean_sequence([0.0], [1], 2)
    with pytest.raises(ValueError, match="empty"):
        rate_sequence([], [])
    with pytest.raises(ValueError, match="no axis of time"):
        intersected(ConfidenceSequence(np.array(0.5), np.array(0.1), np.array(0.9)))
