"""Joint misses: the figures of known correlations, bounds, and the cover of what assays catch together."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.stats.joint_misses import effective_assays, joint_misses, phi
from caseback.stats.rate import exact_rate

tables = st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans(), st.sampled_from("abcd")), min_size=1)


def two_that_miss_a_fifth(both: int) -> dict[str, list[bool]]:
    """Of 1,000 organisms each misses 200, ``both`` of them together."""
    alone = 200 - both
    first = [False] * both + [False] * alone + [True] * alone
    second = [False] * both + [True] * alone + [False] * alone
    rest = [True] * (1000 - len(first))
    return {"one": first + rest, "other": second + rest}


@pytest.mark.parametrize(("both", "correlation"), [(40, 0.0), (72, 0.2), (120, 0.5), (168, 0.8), (200, 1.0)])
def test_two_that_catch_four_fifths_miss_together_what_their_correlation_makes(both: int, correlation: float) -> None:
    found = joint_misses(two_that_miss_a_fifth(both), [str(i) for i in range(1000)])
    pair = found.pairs[0]
    assert pair.phi == pytest.approx(correlation)
    assert (pair.both.k, pair.both.n, pair.if_independent) == (both, 1000, pytest.approx(0.04))
    assert found.union.value == pytest.approx(1 - both / 1000)
    assert found.if_independent == pytest.approx(0.96)
    assert found.effective == pytest.approx(2 / (1 + correlation))
    assert [rate.k for rate in found.missed.values()] == [200, 200]


@given(tables)
@settings(deadline=None)
def test_what_must_hold_of_any_table(rows: list[tuple[bool, bool, bool, str]]) -> None:
    alarms = {name: [row[i] for row in rows] for i, name in enumerate("xyz")}
    found = joint_misses(alarms, [row[3] for row in rows])
    least = min(rate.k for rate in found.missed.values())
    assert found.union.k == sum(any(row[:3]) for row in rows)
    assert found.union.k >= len(rows) - least
    assert found.union.low <= found.union.value <= found.union.high
    assert math.isnan(found.effective) or 1 <= found.effective <= 3
    for pair in found.pairs:
        assert pair.both.k <= min(found.missed[pair.first].k, found.missed[pair.second].k)
        assert math.isnan(pair.phi) or -1 - 1e-9 <= pair.phi <= 1 + 1e-9


@given(tables, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_organisms_and_of_assays_does_not_matter(rows, random) -> None:  # type: ignore[no-untyped-def]
    shuffled = rows.copy()
    random.shuffle(shuffled)
    one = joint_misses({n: [r[i] for r in rows] for i, n in enumerate("xyz")}, [r[3] for r in rows])
    two = joint_misses(
        {n: [r[i] for r in shuffled] for i, n in ((2, "z"), (0, "x"), (1, "y"))}, [r[3] for r in shuffled]
    )
    assert (one.union.k, one.union.low, one.union.high) == pytest.approx((two.union.k, two.union.low, two.union.high))
    assert one.effective == pytest.approx(two.effective, nan_ok=True)
    assert {frozenset((p.first, p.second)): p.both.k for p in one.pairs} == {
        frozenset((p.first, p.second)): p.both.k for p in two.pairs
    }


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2))
def test_phi_is_the_correlation(rows: list[tuple[bool, bool]]) -> None:
    first, second = np.array(rows).T
    if first.std() and second.std():
        assert phi(first, second) == pytest.approx(float(np.corrcoef(first, second)[0, 1]), abs=1e-9)
    else:
        assert math.isnan(phi(first, second))


def test_effective_number_falls_as_correlation_rises() -> None:
    assert [effective_assays([r] * 6) for r in (-0.5, 0.0, 0.5, 1.0)] == pytest.approx([4, 4, 1.6, 1])
    assert effective_assays([0.5, math.nan, math.nan]) == pytest.approx(1.5)
    assert math.isnan(effective_assays([math.nan]))


def test_independent_organisms_get_the_exact_interval_and_one_recipe_says_nothing_of_others() -> None:
    alarms = {"a": [True] * 20, "b": [False] * 20}
    apart = joint_misses(alarms, [str(i) for i in range(20)])
    assert (apart.union.low, apart.union.high) == pytest.approx((exact_rate(20, 20).low, 1))
    assert joint_misses(alarms, ["one"] * 20).union.low == 0
    assert joint_misses({"a": [True]}, ["x"]).effective == 1


@pytest.mark.parametrize("shared", [0.0, 0.9])
def test_the_interval_of_the_union_covers_where_the_product_does_not(shared: float) -> None:
    """Three assays that miss 30 % each, by a common cause in a share of organisms; twelve recipes that differ."""
    rng, covered, by_product, runs = np.random.default_rng(2), 0, 0, 300
    clusters = [f"r{i // 5}" for i in range(60)]
    # the mean over recipes of 0.1, 0.3 and 0.5 missed, of what all three miss
    hardness = np.array([0.1, 0.3, 0.5])
    true = 1 - float((shared * hardness + (1 - shared) * hardness**3).mean())
    for _ in range(runs):
        hard = rng.choice(hardness, 12).repeat(5)
        common = rng.random(60) < shared
        own = rng.random((3, 60)) < hard
        misses = np.where(common, own[0], own)
        found = joint_misses({str(i): (~row).tolist() for i, row in enumerate(misses)}, clusters)
        covered += found.union.low <= true <= found.union.high
        by_product += found.union.low <= found.if_independent <= found.union.high
    assert covered / runs >= 0.95 - 0.038
    assert (by_product / runs < 0.1) == (shared > 0)


def test_bad_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="no assays"):
        joint_misses({}, [])
    with pytest.raises(ValueError, match="b has 1 alarms of 2 organisms"):
        joint_misses({"a": [True, False], "b": [True]}, ["x", "y"])
