"""Curves over the gap, and how far trust reaches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.oversight.ladder.trust import Point, rate_curve, reach, share_curve, stepped, together
from caseback.stats.clustered import by_cluster, clustered_rate


def point(gap: float, low: float, high: float) -> Point:
    return Point(gap, (low + high) / 2, low, high, 10, 1, 1)


def test_trust_reaches_over_all_gaps_before_the_first_that_fails() -> None:
    curve = [point(-0.5, 0.1, 0.2), point(0, 0.9, 1), point(0.5, 0.8, 0.9), point(1, 0.4, 0.7), point(1.5, 0.8, 0.9)]
    assert reach(curve, 0.75).gap == 0.5


def test_trust_breaks_where_it_is_surely_below_the_bound() -> None:
    curve = [point(0, 0.9, 1), point(0.5, 0.4, 0.9), point(1, 0.3, 0.7)]
    found = reach(curve, 0.8)
    assert (found.gap, found.breaks) == (0, 1)


def test_where_not_even_the_smallest_gap_will_do_there_is_no_reach() -> None:
    assert reach([point(0, 0.2, 0.9)], 0.5).gap is None
    assert reach([], 0.5).gap is None


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=6), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_bound_never_reaches_farther(ends: list[tuple[float, float]], one: float, other: float) -> None:
    curve = [point(float(at), min(pair), max(pair)) for at, pair in enumerate(ends)]
    lower, higher = reach(curve, min(one, other)).gap, reach(curve, max(one, other)).gap
    assert higher is None or (lower is not None and lower >= higher)


def test_intervals_of_a_curve_hold_together() -> None:
    trials = [(gap, "a over b", family, at % 3 > 0) for gap in (0.0, 1.0) for family in "pqrs" for at in range(9)]
    curve = rate_curve(trials, 0.5)
    alone = clustered_rate(by_cluster([f for g, _, f, _ in trials if g], [s for g, _, _, s in trials if g]), 0.975)
    assert (curve[1].low, curve[1].high) == (alone.low, alone.high)
    assert [each.gap for each in curve] == [0, 1]
    assert curve[0].n == 36


def test_gaps_are_rounded_to_steps_and_a_step_of_nothing_is_refused() -> None:
    assert [stepped(gap, 0.5) for gap in (-0.3, -0.1, 0.2, 0.3, 1.1)] == [-0.5, 0, 0, 0.5, 1]
    with pytest.raises(ValueError, match="step of 0"):
        stepped(1.0, 0)


def test_a_share_is_what_was_gained_over_what_there_was_to_gain() -> None:
    rows = [(0.4, "a to b", str(seed), 0.1, 0.2) for seed in range(5)]
    [only] = share_curve(rows, 0.5)
    assert only.value == pytest.approx(0.5)
    assert only.low == pytest.approx(0.5)
    assert (only.n, only.pairs) == (5, 1)


def test_confidence_is_divided_among_many() -> None:
    assert together(1) == 0.95
    assert together(5) == pytest.approx(0.99)
    assert together(0) == 0.95
