"""The area under a curve of rates: closed forms, and what its interval promises."""

import random

import pytest

from caseback.stats.area import area


def one(k: int, n: int) -> dict[str, tuple[int, int]]:
    """Two clusters that share k of n events evenly."""
    return {"a": (k - k // 2, n - n // 2), "b": (k // 2, n // 2)}


def test_a_straight_line_from_none_to_all_has_half_the_area():
    found = area([0, 1, 2, 3, 4], [one(k, 8) for k in (0, 2, 4, 6, 8)])
    assert found is not None
    assert found.value == pytest.approx(0.5)


def test_points_count_by_the_width_that_they_stand_for():
    found = area([0, 1, 5], [one(0, 4), one(4, 4), one(4, 4)])
    assert found is not None
    assert found.value == pytest.approx(0.5 * 1 / 5 + 4 / 5)


def test_no_events_are_not_certainty():
    found = area([0, 2, 4, 6, 8], [one(0, 30)] * 5)
    assert found is not None
    assert (found.value, found.low) == (0, 0)
    assert found.high > 0.1


def test_a_rate_that_nobody_could_tell_leaves_no_area():
    assert area([0, 1], [one(1, 2), {}]) is None
    assert area([0], [one(1, 2)]) is None


def test_the_interval_covers_the_true_area():
    rng, rates, missed = random.Random(0), (0.05, 0.3, 0.6, 0.9), 0
    truth = (0.05 / 2 + 0.3 + 0.6 + 0.9 / 2) / 3
    for _ in range(200):
        counts = [{f: (sum(rng.random() < p for _ in range(5)), 5) for f in "abcdef"} for p in rates]
        found = area([0, 1, 2, 3], counts)
        assert found is not None
        missed += not found.low <= truth <= found.high
    assert missed <= 10
