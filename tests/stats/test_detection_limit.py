"""Limits of detection and of blank: cover by simulation with clustered plantings, and when there is none."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from scipy.stats import binom

from caseback.stats.detection_limit import DetectionLimit, detection_limit, limit_of_blank

Chance = Callable[[np.ndarray, np.ndarray], np.ndarray]
DILUTIONS = np.array([1, 0.6, 0.35, 0.2, 0.1])


def probit(between: float, slope: float = 9.0, at: float = 0.45, most: float = 1.0) -> Chance:
    """A chance of ``most * 0.95`` at sin(at)^2 on average over plantings, whose ease differs by ``between``."""
    return lambda x, ease: (
        most * ndtr((ndtri(0.95) + slope * (np.arcsin(np.sqrt(x)) - at)) * math.sqrt(1 + between**2) + between * ease)
    )


def counted(x: np.ndarray, ease: np.ndarray) -> np.ndarray:
    """Four violations in 40 questions, of plantings that are better or worse found by a factor."""
    return binom.sf(3, 40, np.minimum(1, x * np.exp(0.4 * ease)))


def logistic(x: np.ndarray, ease: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-(-4 + 22 * x + ease)))


def true_limit(chance: Chance) -> float:
    ease = ndtri((np.arange(2000) + 0.5) / 2000)

    def over(x: float) -> float:
        return float(chance(np.full(2000, x), ease).mean()) - 0.95

    return float(brentq(over, 1e-6, 1 - 1e-9)) if over(1 - 1e-9) > 0 else math.inf


def series(chance: Chance, plantings: int, runs: int) -> list[DetectionLimit]:
    """Five dilutions of each planting, their rates measured with 100 questions."""
    rng, found = np.random.default_rng(6), []
    for _ in range(runs):
        rates = (rng.beta(6, 3, plantings)[:, None] * DILUTIONS).ravel()
        ease = rng.normal(size=plantings).repeat(5)
        alarms = rng.random(len(rates)) < chance(rates, ease)
        names = [str(i) for i in np.arange(plantings).repeat(5)]
        found.append(detection_limit((rng.binomial(100, rates) / 100).tolist(), alarms.tolist(), names))
    return found


@pytest.mark.parametrize(
    ("chance", "plantings"),
    [
        (probit(0.0), 30),
        (probit(1.0), 12),
        (probit(1.0), 30),
        (probit(0.7, slope=5.0, at=0.6), 30),
        (counted, 30),
        (logistic, 30),
        (probit(1.0, most=0.98), 30),
    ],
)
def test_the_interval_covers(chance: Chance, plantings: int) -> None:
    """At least 95 % less three standard errors of 60 runs (0.084)."""
    true = true_limit(chance)
    covered = [
        each.low <= true <= (math.inf if each.high is None else each.high) for each in series(chance, plantings, 60)
    ]
    assert np.mean(covered) >= 0.95 - 0.084


def test_a_limit_is_told_and_near_the_truth_where_organisms_are_enough() -> None:
    true = true_limit(probit(1.0))
    found = series(probit(1.0), 60, 20)
    assert np.mean([each.value is not None and each.high is not None for each in found]) >= 0.9
    values = [each.value for each in found if each.value is not None]
    assert true <= np.median(values) < 1.3 * true
    assert np.median([each.high for each in found if each.high is not None]) < 2 * true


@pytest.mark.parametrize("most", [0.8, 0.9])
def test_an_assay_that_overlooks_some_at_any_dose_has_no_upper_limit(most: float) -> None:
    found = series(probit(1.0, most=most), 40, 40)
    assert np.mean([each.high is None for each in found]) >= 0.95 - 0.103
    assert all(each.high is None for each in found if each.value is None)
    assert np.mean([each.value is None for each in found]) > 0.4
    assert min(each.low for each in found) > 0


def step(n: int, at: int) -> tuple[list[float], list[bool], list[str]]:
    return [i / n for i in range(n)], [i >= at for i in range(n)], [str(i) for i in range(n)]


def test_found_and_missed_that_are_apart_altogether_give_a_limit() -> None:
    found = detection_limit(*step(120, 40))
    assert found.value is not None
    assert found.high is not None
    assert 0.28 < found.low < 1 / 3 < found.value < 0.4
    assert found.value < found.high < 0.5
    assert (found.above.k, found.n, found.clusters) == (found.above.n, 120, 120)


def test_nothing_found_leaves_no_limit_and_all_found_one_at_the_least_rate() -> None:
    rates, _, names = step(120, 0)
    none = detection_limit(rates, [False] * 120, names)
    assert (none.value, none.high, none.low) == (None, None, rates[-2])  # the last miss alone could be chance
    every = detection_limit([0.3 + rate / 2 for rate in rates], [True] * 120, names)
    assert every.value == pytest.approx(0.3)
    assert every.low == 0


def test_one_planting_says_nothing_of_others() -> None:
    rates, alarms, _ = step(120, 40)
    found = detection_limit(rates, alarms, ["one"] * 120)
    assert (found.low, found.high) == (0, None)


rows_of = st.lists(
    st.tuples(st.integers(0, 20).map(lambda i: i / 20), st.booleans(), st.sampled_from("abcdefgh")),
    min_size=4,
    max_size=60,
).filter(lambda rows: len({rate for rate, _, _ in rows}) > 1)


@given(rows_of, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_what_must_hold_of_any_series(rows, random) -> None:  # type: ignore[no-untyped-def]
    found = detection_limit(*map(list, zip(*rows, strict=True)))
    shuffled = rows.copy()
    random.shuffle(shuffled)
    again = detection_limit(*map(list, zip(*shuffled, strict=True)))
    assert (again.value, again.low, again.high) == pytest.approx((found.value, found.low, found.high), abs=0.02)
    assert 0 <= found.low <= 1
    if found.value is None:
        assert found.high is None
    else:
        assert found.low <= found.value <= (1 if found.high is None else found.high)
        assert found.above.value >= 0.95


def test_the_limit_of_blank_covers_by_simulation() -> None:
    """Exact for any distribution: 95 % less three standard errors of 2,000 runs (0.015)."""
    rng = np.random.default_rng(0)
    for n in (10, 60, 150):
        found = [limit_of_blank(row.tolist()) for row in np.exp(rng.normal(size=(2_000, n)))]
        true = math.exp(float(ndtri(0.95)))
        assert np.mean([each.low <= true <= each.high for each in found]) >= 0.95 - 0.015


def test_the_limit_of_blank_by_hand() -> None:
    found = limit_of_blank([float(i) for i in range(1, 101)])
    assert found.value == pytest.approx(95.5)  # rank 1/2 + 0.95 * 100
    assert (found.low, found.high) == (90, 100)
    assert limit_of_blank([0.0] * 71).high == math.inf
    assert limit_of_blank([0.0] * 72).high == 0
    assert limit_of_blank([3.0]).low == -math.inf


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=90), st.sampled_from([0.5, 0.9, 0.95]))
def test_the_limit_of_blank_lies_within_its_ends(blanks: list[float], level: float) -> None:
    found = limit_of_blank(blanks, level)
    assert found.low - 1e-12 <= found.value <= found.high + 1e-12
    assert limit_of_blank(sorted(blanks), level) == found


def test_bad_series_are_refused() -> None:
    with pytest.raises(ValueError, match="2 rates, 1 alarms, 2 clusters"):
        detection_limit([0.1, 0.2], [True], ["a", "b"])
    with pytest.raises(ValueError, match=r"rate 1\.2"):
        detection_limit([0.1, 1.2], [True, False], ["a", "b"])
    with pytest.raises(ValueError, match="two different rates"):
        detection_limit([0.1, 0.1], [True, False], ["a", "b"])
    with pytest.raises(ValueError, match="level 1"):
        detection_limit([0.1, 0.2], [True, False], ["a", "b"], level=1)
    with pytest.raises(ValueError, match="confidence 0"):
        limit_of_blank([0.1], confidence=0)
    with pytest.raises(ValueError, match="no blanks"):
        limit_of_blank([])
    with pytest.raises(ValueError, match="a blank is nan"):
        limit_of_blank([math.nan])
