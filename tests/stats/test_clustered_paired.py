"""Clustered paired differences: the closed form against every pattern and value, coverage, error rate and power."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.stats.clustered_paired import (
    LISTED,
    clustered_difference,
    clusters_needed,
    difference_by_cluster,
    joint_p,
    sign_flips,
)
from caseback.stats.paired import paired_difference

Table = dict[str, tuple[int, int]]


def by_hand(sums: list[tuple[int, int]], delta: float) -> float:
    """The p-value of a shift by its definition: the share of all sign patterns at least as far out as the one seen."""
    left = [total - delta * pairs for total, pairs in sums]
    seen = abs(sum(left))
    patterns = list(itertools.product((1, -1), repeat=len(left)))
    return sum(abs(sum(s * x for s, x in zip(p, left, strict=True))) >= seen - 1e-9 for p in patterns) / len(patterns)


def family(rng: np.random.Generator, effect: float, noise: float = 0.3, pairs: int = 12) -> tuple[int, int]:
    """One family whose true difference is ``effect``, with discordant pairs both ways besides."""
    discordant = max(noise, abs(effect))
    up = (discordant + effect) / 2
    first, second, _ = rng.multinomial(pairs, [up, discordant - up, 1 - discordant])
    return int(first - second), pairs


def behaviour(rng: np.random.Generator, families: int, effect: float, spread: float) -> Table:
    drawn = np.clip(rng.normal(effect, spread, families), -1, 1)
    return {f"family{i}": family(rng, float(one)) for i, one in enumerate(drawn)}


pairs_in_families = st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from("abcdefg")), max_size=40)


@settings(deadline=None)
@given(pairs_in_families)
def test_never_narrower_than_for_independent_pairs(rows: list[tuple[bool, bool, str]]) -> None:
    first, second, labels = ([row[i] for row in rows] for i in range(3))
    exact, found = paired_difference(first, second), clustered_difference(first, second, labels)
    assert (found.first_only, found.second_only, found.n) == (exact.first_only, exact.second_only, exact.n)
    assert -1 <= found.low <= exact.low <= exact.high <= found.high <= 1
    assert found.p >= exact.p
    if rows:
        assert found.low - 1e-12 <= found.value <= found.high + 1e-12


@settings(deadline=None, max_examples=40)
@given(pairs_in_families, st.sampled_from([0.5, 0.8, 0.95]))
def test_the_interval_is_the_test_turned_round(rows: list[tuple[bool, bool, str]], confidence: float) -> None:
    """Just inside a limit the shift is not rejected by the definition; just outside it is."""
    first, second, labels = ([row[i] for row in rows] for i in range(3))
    found = clustered_difference(first, second, labels, confidence)
    exact = paired_difference(first, second, confidence)
    sums = list(difference_by_cluster(labels, first, second).values())
    for limit, at_exact, outwards in ((found.low, exact.low, -1e-6), (found.high, exact.high, 1e-6)):
        if limit != at_exact:
            assert by_hand(sums, limit - outwards) > 1 - confidence
        if abs(limit) < 1:
            assert by_hand(sums, limit + outwards) <= 1 - confidence


def test_turning_the_arms_turns_the_interval() -> None:
    rng = np.random.default_rng(3)
    first, second = ([bool(x) for x in rng.random(50) < p] for p in (0.7, 0.3))
    labels = [f"f{i % 7}" for i in range(50)]
    one, other = clustered_difference(first, second, labels), clustered_difference(second, first, labels)
    assert (one.low, one.high, one.p) == (pytest.approx(-other.high), pytest.approx(-other.low), other.p)


@pytest.mark.parametrize("families", [1, 2, 3, 4, 5])
def test_fewer_than_six_families_show_nothing(families: int) -> None:
    labels = [f"f{i % families}" for i in range(60)]
    found = clustered_difference([False] * 60, [True] * 60, labels)
    assert (found.value, found.low, found.high) == (-1, -1, 1)
    assert found.p == pytest.approx(2 / 2**families)


def test_six_families_that_all_fell_show_it() -> None:
    found = clustered_difference([False] * 60, [True] * 60, [f"f{i % 6}" for i in range(60)])
    assert found.p == 2 / 64
    assert found.high < -0.8


def test_one_family_learnt_well_is_no_change_in_all() -> None:
    """What independent pairs would call a fall beyond doubt."""
    labels = [f"f{i % 7}" for i in range(70)]
    after = [label != "f0" for label in labels]
    assert paired_difference(after, [True] * 70).high < 0
    assert clustered_difference(after, [True] * 70, labels).high >= 0


def test_how_many_are_needed() -> None:
    assert [clusters_needed(c) for c in (0.5, 0.75, 0.9, 0.95, 0.99)] == [2, 3, 5, 6, 8]


def test_no_pairs_say_nothing() -> None:
    found = clustered_difference([], [], [])
    assert (found.low, found.high, found.p) == (-1, 1, 1)


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        clustered_difference([True, True], [True, False], ["a"])


def test_sums_by_cluster_stand_in_alphabetical_order() -> None:
    found = difference_by_cluster(["b", "a", "b"], [True, False, True], [False, True, True])
    assert list(found.items()) == [("a", (-1, 1)), ("b", (1, 2))]


def test_many_clusters_are_sampled_alike_each_time() -> None:
    assert (sign_flips(LISTED + 1) == sign_flips(LISTED + 1)).all()
    labels = [f"f{i:02}" for i in range(40)]
    found = clustered_difference([i % 8 == 0 for i in range(40)], [True] * 40, labels)
    assert found.high < -0.5
    assert found.p < 0.001


@pytest.mark.parametrize("families", [6, 7])
@pytest.mark.parametrize("spread", [0.0, 0.2, 0.4])
@pytest.mark.parametrize("effect", [0.0, -0.4])
def test_coverage_by_simulation(families: int, spread: float, effect: float) -> None:
    """Families whose effects differ: at least 95% less three standard errors of 300 runs (0.038)."""
    rng = np.random.default_rng(families)
    covered = 0
    for _ in range(300):
        # uniform, so that no effect has to be cut off and the mean stays what it is
        effects = rng.uniform(effect - spread, effect + spread, families)
        first, second, labels = [], [], []
        for place, one in enumerate(effects):
            total, pairs = family(rng, float(one))
            first += [total > 0] * abs(total) + [False] * (pairs - abs(total))
            second += [total < 0] * abs(total) + [False] * (pairs - abs(total))
            labels += [f"f{place}"] * pairs
        found = clustered_difference(first, second, labels)
        covered += found.low <= effect <= found.high
    assert covered / 300 >= 0.95 - 0.038


@pytest.mark.parametrize("families", [6, 7])
@pytest.mark.parametrize("spread", [0.0, 0.2])
def test_six_unchanged_behaviours_are_called_changed_at_most_in_one_run_of_twenty(families: int, spread: float) -> None:
    """Any of them: at most 0.05 plus three standard errors of 400 runs (0.033)."""
    rng = np.random.default_rng(11)
    wrong = 0
    for _ in range(400):
        found = joint_p({f"b{i}": behaviour(rng, families, 0.0, spread) for i in range(6)})
        wrong += min(found.values()) <= 0.05
    assert wrong / 400 <= 0.05 + 0.033


@pytest.mark.parametrize(("families", "least"), [(6, 0.75), (7, 0.9)])
@pytest.mark.parametrize("moved", [1, 3, 6])
def test_a_planted_fall_is_found_and_the_unchanged_are_spared(families: int, least: float, moved: int) -> None:
    rng = np.random.default_rng(12)
    found, wrong = 0.0, 0
    for _ in range(150):
        effects = [-0.5] * moved + [0.0] * (6 - moved)
        p = list(joint_p({f"b{i}": behaviour(rng, families, e, 0.12) for i, e in enumerate(effects)}).values())
        found += sum(one <= 0.05 for one in p[:moved]) / moved
        wrong += any(one <= 0.05 for one in p[moved:])
    assert found / 150 >= least
    assert wrong / 150 <= 0.05 + 0.053


def test_dividing_the_error_would_have_found_nothing() -> None:
    """Six behaviours that fell in every case: no p-value of seven families is as small as 0.05 / 6."""
    fell = {f"b{i}": {f"f{j}": (-10, 10) for j in range(7)} for i in range(6)}
    found = joint_p(fell)
    assert set(found.values()) == {2 / 128}
    assert 2 / 128 > 0.05 / 6


def test_joint_p_of_one_is_its_own() -> None:
    sums = [(-8, 10), (-6, 10), (-9, 10), (2, 10), (-5, 9), (-7, 10)]
    assert joint_p({"b": dict(zip("abcdef", sums, strict=True))}) == {"b": pytest.approx(by_hand(sums, 0.0))}


def test_looking_at_more_never_lowers_a_p_value() -> None:
    rng = np.random.default_rng(5)
    tables = {f"b{i}": behaviour(rng, 6 + i % 2, -0.2, 0.3) for i in range(5)}
    together = joint_p(tables)
    assert all(together[name] >= joint_p({name: table})[name] - 1e-12 for name, table in tables.items())


def test_behaviours_without_pairs_do_not_move() -> None:
    assert joint_p({}) == {}
    assert joint_p({"a": {}, "b": {"f": (0, 3)}}) == {"a": 1.0, "b": 1.0}
