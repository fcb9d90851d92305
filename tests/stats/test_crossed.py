"""Crossed differences: never narrower than over families, wide enough where seeds differ too, never certain."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.stats.clustered_paired import clustered_difference
from caseback.stats.crossed import crossed_difference

rows_of = st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from("abcdefgh"), st.integers(0, 4)), max_size=60)


@settings(deadline=None, max_examples=40)
@given(rows_of)
def test_holds_the_interval_over_families_and_the_estimate(rows: list[tuple[bool, bool, str, int]]) -> None:
    first, second, families, seeds = ([row[i] for row in rows] for i in range(4))
    exact, found = clustered_difference(first, second, families), crossed_difference(first, second, families, seeds)
    assert -1 <= found.low <= exact.low <= exact.high <= found.high <= 1
    assert (found.n, found.p, found.first_only, found.second_only) == (
        exact.n,
        exact.p,
        exact.first_only,
        exact.second_only,
    )


def drawn(
    rng: np.random.Generator, effect: float, family_spread: float, seed_spread: float, families: int = 8, seeds: int = 5
) -> tuple[list[bool], list[bool], list[str], list[int]]:
    """Ten pairs in every cell; a cell's true difference is the effect plus what its family and its seed add."""
    of_family, of_seed = rng.normal(0, family_spread, families), rng.normal(0, seed_spread, seeds)
    first, second, names, numbers = [], [], [], []
    for f in range(families):
        for s in range(seeds):
            share = float(np.clip(0.5 + effect + of_family[f] + of_seed[s], 0, 1))
            first += list(rng.random(10) < share)
            second += list(rng.random(10) < 0.5)
            names += [f"family{f}"] * 10
            numbers += [s] * 10
    return first, second, names, numbers


def test_covers_where_seeds_alone_differ() -> None:
    """Families say nothing of seeds: the interval over families alone misses often, the crossed one seldom."""
    rng = np.random.default_rng(1)
    alone = crossed = 0
    for _ in range(200):
        data = drawn(rng, 0.1, 0.05, 0.2)
        only, both = clustered_difference(*data[:3]), crossed_difference(*data)
        alone += only.low <= 0.1 <= only.high
        crossed += both.low <= 0.1 <= both.high
    assert alone < 170
    assert crossed >= 184


def test_covers_where_families_and_seeds_differ() -> None:
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(200):
        found = crossed_difference(*drawn(rng, 0.1, 0.12, 0.05))
        covered += found.low <= 0.1 <= found.high
    assert covered >= 180


def test_no_event_still_has_a_width() -> None:
    found = crossed_difference([False] * 80, [False] * 80, [f"f{i % 8}" for i in range(80)], [i % 5 for i in range(80)])
    assert found.value == 0
    assert found.low < -0.01
    assert found.high > 0.01


def test_no_pairs_say_nothing() -> None:
    found = crossed_difference([], [], [], [])
    assert found.n == 0
    assert (found.low, found.high) == (-1, 1)


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="pairs"):
        crossed_difference([True], [], [], [])
