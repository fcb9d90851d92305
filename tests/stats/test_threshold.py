"""Thresholds: a new negative alarms no more often than asked, and the interval of the true rate covers it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.stats.threshold import caught_above, caught_at, set_threshold


def test_a_new_negative_alarms_as_often_as_expected() -> None:
    rng, alarms, covered, runs = np.random.default_rng(0), 0, 0, 2_000
    for _ in range(runs):
        old = rng.uniform(size=39)
        found = set_threshold(old.tolist(), [str(i) for i in range(39)], 0.05)
        alarms += rng.uniform() > found.value
        covered += found.low <= 1 - found.value <= found.high
    assert found.expected == pytest.approx(2 / 40)
    assert found.met
    assert alarms / runs == pytest.approx(0.05, abs=0.015)
    assert covered / runs >= 0.95


def test_too_few_negatives_say_so() -> None:
    found = set_threshold([3.0, 1.0, 2.0], ["a", "b", "c"], 0.01)
    assert (found.value, found.rank, found.n) == (3.0, 1, 3)
    assert found.expected == pytest.approx(0.25)
    assert not found.met
    assert found.high > 0.7
    with pytest.raises(ValueError, match="at least one"):
        set_threshold([], [], 0.05)
    with pytest.raises(ValueError, match="not finite"):
        set_threshold([float("nan")], ["a"], 0.05)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=60),
    st.sampled_from([0.01, 0.05, 0.2]),
)
def test_no_more_of_these_negatives_alarm_than_asked(rows: list[tuple[int, bool]], target: float) -> None:
    scores, labels = [s for s, _ in rows], [label for _, label in rows]
    found = caught_at(target, scores, labels, ["a"] * len(rows))
    assert found.false.k <= target * found.false.n + 1e-9
    assert found.recall.n == sum(labels)
    assert found.recall.k == sum(label and score > found.threshold for score, label in rows)


def test_counts_above_a_threshold() -> None:
    found = caught_above(1.0, [0, 1, 2, 3], [False, True, True, False], ["a", "b", "a", "b"])
    assert (found.recall.k, found.recall.n, found.false.k, found.false.n) == (1, 2, 1, 2)
