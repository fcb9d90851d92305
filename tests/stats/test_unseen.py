"""The unseen: the identity that the bound rests on, and its cover over many shapes of kinds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson

from caseback.stats.unseen import least_kinds, unseen

SHAPES = {
    "few": np.array([0.9, 0.05, 0.03, 0.02]),
    "even, 5": np.full(5, 1 / 5),
    "even, 60": np.full(60, 1 / 60),
    "even, 1000": np.full(1000, 1 / 1000),
    "zipf": (z := 1 / np.arange(1, 501)) / z.sum(),
    "zipf squared": (z := 1 / np.arange(1, 501) ** 2) / z.sum(),
    "halves": (z := 0.5 ** np.arange(1, 40)) / z.sum(),
    "one large": np.r_[0.97, np.full(30, 0.001)],
}
some_counts = st.dictionaries(st.text(max_size=2), st.integers(0, 30), max_size=20)


@pytest.mark.parametrize("mean", [0.01, 0.5, 1.0, 3.0, 12.0])
@pytest.mark.parametrize("t", [-0.99, -0.4, 0.1, 0.5, 0.99])
def test_the_factor_of_a_kind_has_mean_one(mean: float, t: float) -> None:
    k = np.arange(1, 200)
    assert math.exp(-mean) * math.exp(t * mean) + float((poisson.pmf(k, mean) * (1 - t**k)).sum()) == pytest.approx(1)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [20, 100, 500])
def test_the_interval_covers_the_unseen_mass_at_a_fixed_number(shape: str, n: int) -> None:
    """At least 95 % less three standard errors of 200 runs (0.046); measured: 0.99 and more everywhere."""
    rng, shares = np.random.default_rng(1), SHAPES[shape]
    rows = rng.multinomial(n, shares, size=200)
    assert np.mean([covers(row, shares) for row in rows]) >= 0.95 - 0.046


@pytest.mark.parametrize("shape", ["few", "even, 60", "zipf"])
def test_the_interval_covers_where_the_number_is_poisson(shape: str) -> None:
    rng, shares = np.random.default_rng(2), SHAPES[shape]
    rows = rng.poisson(60 * shares, size=(200, len(shares)))
    assert np.mean([covers(row, shares) for row in rows]) >= 0.95 - 0.046


def covers(row: np.ndarray, shares: np.ndarray) -> bool:
    found = unseen({str(i): int(k) for i, k in enumerate(row)})
    return found.low <= float(shares[row == 0].sum()) <= found.high


def test_no_kind_seen_once_is_not_certainty() -> None:
    found = unseen({"a": 30, "b": 20, "c": 10})
    assert (found.value, found.low, found.once, found.kinds) == (0, 0, 0, 3)
    # one more kind with the share at which it would be missed in 2.5 % of samples is not ruled out
    assert found.high > 1 - 0.025 ** (1 / 60)
    assert found.high < 0.12
    assert unseen({"a": 3000, "b": 2000, "c": 1000}).high < 0.0013


def test_all_new_each_time_leaves_all_unseen() -> None:
    found = unseen({str(i): 1 for i in range(50)})
    assert (found.value, found.high) == (1, 1)
    assert 0.5 < found.low < 1


def test_nothing_discovered_says_nothing() -> None:
    found = unseen({"a": 0})
    assert math.isnan(found.value)
    assert (found.low, found.high, found.n) == (0, 1, 0)
    assert least_kinds({}) == 0


@given(some_counts, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_bounds_hold_the_value_and_names_do_not_matter(counts: dict[str, int], random) -> None:  # type: ignore[no-untyped-def]
    found = unseen(counts)
    values = list(counts.values())
    random.shuffle(values)
    assert repr(unseen({f"k{i}": value for i, value in enumerate(values)})) == repr(found)
    assert 0 <= found.low <= found.high <= 1
    assert math.isnan(found.value) or found.low <= found.value <= found.high
    assert least_kinds(counts) >= found.kinds


@given(some_counts)
@settings(deadline=None, max_examples=60)
def test_more_confidence_is_wider(counts: dict[str, int]) -> None:
    narrow, wide = unseen(counts, 0.8), unseen(counts, 0.99)
    assert wide.low <= narrow.low + 1e-9
    assert narrow.high <= wide.high + 1e-9


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [20, 100, 500])
def test_the_least_number_of_kinds_is_below_the_true_one_on_average(shape: str, n: int) -> None:
    rows = np.random.default_rng(3).multinomial(n, SHAPES[shape], size=300)
    found = [least_kinds({str(i): int(k) for i, k in enumerate(row)}) for row in rows]
    assert np.mean(found) <= len(SHAPES[shape]) + 3 * np.std(found) / math.sqrt(300)


def test_kinds_by_hand() -> None:
    assert least_kinds({"a": 1, "b": 1, "c": 1, "d": 2, "e": 5}) == pytest.approx(5 + 9 / 10 * 3 * 2 / (2 * 2))


def test_bad_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="a was seen -1 times"):
        unseen({"a": -1})
    with pytest.raises(ValueError, match=r"confidence 1\.5"):
        unseen({"a": 1}, 1.5)
