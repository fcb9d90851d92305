"""Paired differences: coverage counted exactly, closed forms, and McNemar's test against its definition."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multinomial

from caseback.stats.paired import mcnemar_exact, paired_difference


def arms(first_only: int, second_only: int, both: int, neither: int) -> tuple[list[bool], list[bool]]:
    first = [True] * first_only + [False] * second_only + [True] * both + [False] * neither
    second = [False] * first_only + [True] * second_only + [True] * both + [False] * neither
    return first, second


@pytest.mark.parametrize(
    ("p_first_only", "p_second_only"), [(0.0, 0.0), (0.05, 0.0), (0.1, 0.1), (0.3, 0.05), (0.02, 0.2), (0.9, 0.05)]
)
@pytest.mark.parametrize("n", [5, 20])
def test_interval_covers_by_enumeration(n: int, p_first_only: float, p_second_only: float) -> None:
    """Coverage summed over every possible outcome, so no simulation error: never below 95%."""
    covered = 0.0
    truth = p_first_only - p_second_only
    cells = [p_first_only, p_second_only, 1 - p_first_only - p_second_only]
    for b, c in itertools.product(range(n + 1), repeat=2):
        if b + c <= n:
            found = paired_difference(*arms(b, c, 0, n - b - c))
            if found.low - 1e-12 <= truth <= found.high + 1e-12:
                covered += float(multinomial.pmf([b, c, n - b - c], n, cells))
    assert covered >= 0.95


def test_no_discordant_pairs_still_leaves_room() -> None:
    found = paired_difference([True] * 40, [True] * 40)
    room = 1 - (0.05 / 8) ** (1 / 40)  # Clopper and Pearson's upper end for 0 of 40 at the share of error it gets
    assert found.value == 0
    assert found.p == 1
    assert found.high == pytest.approx(room)
    assert found.low == pytest.approx(-room)


def test_no_pairs_say_nothing() -> None:
    found = paired_difference([], [])
    assert math.isnan(found.value)
    assert (found.low, found.high) == (-1, 1)


def test_unequal_arms_are_refused() -> None:
    with pytest.raises(ValueError, match="3 cases in the first arm and 2"):
        paired_difference([True] * 3, [True] * 2)


@settings(deadline=None)
@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_interval_holds_the_estimate_and_turns_with_the_arms(b: int, c: int, both: int, neither: int) -> None:
    first, second = arms(b, c, both, neither)
    one, other = paired_difference(first, second), paired_difference(second, first)
    assert -1 <= one.low <= one.high <= 1
    assert (one.low, one.high) == (pytest.approx(-other.high), pytest.approx(-other.low))
    if first:
        assert one.low - 1e-12 <= one.value <= one.high + 1e-12


@settings(deadline=None)
@given(st.integers(0, 15), st.integers(0, 15))
def test_mcnemar_is_the_exact_binomial(b: int, c: int) -> None:
    n = b + c
    tail = sum(math.comb(n, i) for i in range(min(b, c) + 1)) / 2**n
    assert mcnemar_exact(b, c) == pytest.approx(min(1.0, 2 * tail))
