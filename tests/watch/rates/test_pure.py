"""Units, levels, operating points, agreement, results, sampling: closed forms and properties."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.detectors.known import OperatingPoint as KnownPoint
from caseback.errors import CasebackError
from caseback.stats.audited_rate import OperatingPoint
from caseback.stats.clustered import clustered_rate
from caseback.stats.rate import Rate, exact_rate
from caseback.stats.threshold import set_threshold
from caseback.watch.rates.agreement import agreement
from caseback.watch.rates.estimate import from_audits, from_both, from_flags
from caseback.watch.rates.levels import levels, rounded_down
from caseback.watch.rates.operating_point import live_point, of_tasks, widened
from caseback.watch.rates.results import Result, result
from caseback.watch.rates.sampling import commitment, decide, draw, joint, log_ratio, plan, proven
from caseback.watch.rates.units import QUIET, Seen, Units, task_of, units
from watch_traffic_for_tests import calibration, live_threshold

KEY = bytes(range(32))
LATER = 1e9


def lone(n: int, **given: object) -> list[Seen]:
    return [Seen(task=f"{given}{at}", time=float(at), flagged=given.get("flagged"), chosen=False) for at in range(n)]


# -- units -----------------------------------------------------------------------------------------------------------


def test_a_trace_is_one_trial_however_long() -> None:
    seen = [Seen("a", 0, True, chosen=False, lone=False), Seen("b", 1, False, chosen=False)]
    seen += [Seen("a", 2 + at, False, chosen=False, lone=False) for at in range(50)]
    got = units(seen, LATER)
    assert (len(got), got.flagged.tolist(), got.exchanges.tolist()) == (2, [1, 0], [51, 1])


def test_what_was_not_evaluated_is_never_clean() -> None:
    seen = [Seen("a", 0, False, lone=False), Seen("a", 1, None, lone=False), Seen("b", 2, None), Seen("c", 3, False)]
    assert units(seen, LATER).flagged.tolist() == [-1, -1, 0]


def test_a_found_violation_has_the_largest_probability_of_those_found() -> None:
    seen = [
        Seen("a", 0, False, 0.02, True, True, True, lone=False),
        Seen("a", 1, True, 1.0, True, True, True, lone=False),
        Seen("a", 2, True, 1.0, True, True, False, lone=False),
    ]
    assert units(seen, LATER).found.tolist() == [1.0]


def test_a_violation_that_nobody_drew_does_not_count() -> None:
    assert units([Seen("a", 0, True, 0.0, False, True, True)], LATER).found.tolist() == [0.0]


def test_a_task_that_goes_on_and_one_that_awaits_an_audit_are_told() -> None:
    seen = [Seen("a", 0, False, 0.02, True, False), Seen("b", 99.0, False, chosen=False, lone=False)]
    now = units(seen, 100.0)
    assert (now.awaited.tolist(), now.going.tolist()) == ([True, False], [False, True])
    assert units(seen, 99.0 + QUIET + 1).going.tolist() == [False, False]


@given(st.lists(st.tuples(st.sampled_from(["", "t", "u"]), st.floats(-1e4, 1e4)), max_size=40))
def test_tasks_are_cut_where_a_trace_was_quiet_whichever_way_the_clock_goes(rows: list[tuple[str, float]]) -> None:
    last: dict[str, tuple[str, float]] = {}
    tasks = [task_of(str(at), time, trace, last) for at, (trace, time) in enumerate(rows)]
    for trace in ("t", "u"):
        own = [(at, time) for at, (name, time) in enumerate(rows) if name == trace]
        for (before, then), (at, time) in itertools.pairwise(own):
            assert (tasks[at] == tasks[before]) == (abs(time - then) <= QUIET)
    assert all(tasks[at] == str(at) for at, (trace, _) in enumerate(rows) if not trace)


# -- levels and sampling ---------------------------------------------------------------------------------------------


@given(st.floats(1e-5, 1), st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_levels_are_few_and_rounding_goes_down(least: float, probabilities: list[float]) -> None:
    grid, got = levels(least), rounded_down(probabilities, least)
    assert grid[0] == least or least == 1
    assert grid[-1] == 1
    assert len(grid) < 20
    assert (np.diff(grid) > 0).all()
    for p, kept in zip(probabilities, got, strict=True):
        assert kept in grid
        assert kept <= p * (1 + 1e-9) or kept == grid[0]
        assert kept > p / 2 - 1e-12 or kept == grid[-2] or kept == grid[0] or p < least


@given(st.lists(st.text(min_size=1), min_size=1, max_size=20))
def test_draws_are_the_keys_alone_and_can_be_proven(tasks: list[str]) -> None:
    for task in tasks:
        got = draw(KEY, task)
        assert 0 <= got < 1
        assert got == draw(KEY, task) != draw(b"another key of 16", task)
        assert proven(KEY, commitment(KEY), task, got)
        assert not proven(KEY, commitment(KEY), task, math.nextafter(got, 2))
        assert not proven(b"x" * 32, commitment(KEY), task, got)


def test_draws_are_even() -> None:
    got = np.sort([draw(KEY, str(at)) for at in range(20_000)])
    assert np.abs(got - np.arange(20_000) / 20_000).max() < 1.63 / math.sqrt(20_000)  # Kolmogorov, 1 %


def test_a_ratio_grows_with_the_score_and_adds_up() -> None:
    negatives = [0.0, 0.1, 0.2, 0.3]
    assert log_ratio(None, negatives) == 0 == log_ratio(5.0, ())
    assert log_ratio(0.25, negatives) == pytest.approx(-math.log(2 / 5))
    assert log_ratio(9.0, negatives) == pytest.approx(math.log(5))
    assert joint({"a": 9.0, "b": None}, {"a": negatives}) == pytest.approx(math.log(5))


def test_without_a_past_only_the_random_slice_is_drawn_and_then_the_telling_ones() -> None:
    few = plan([1.0] * 99, 0.1, 0.02)
    assert decide(KEY, few, "a", 1e9).probability == 0.02
    made = plan([float(at % 100) for at in range(1000)], 0.1, 0.02)
    assert decide(KEY, made, "a", 99.0).probability == 1.0
    assert decide(KEY, made, "a", 1.0).probability == 0.02
    assert decide(KEY, made, "a", 99.0).chosen


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.02, 0.5))
def test_the_share_drawn_stays_within_the_budget(seed: int, budget: float) -> None:
    rng = np.random.default_rng(seed)
    past, now = rng.exponential(size=5000), rng.exponential(size=5000)
    made = plan(past.tolist(), budget, 0.01)
    expected = np.mean([decide(KEY, made, str(at), ratio).probability for at, ratio in enumerate(now)])
    assert expected <= budget + 4 * math.sqrt(budget / 5000) * math.sqrt(2)


# -- operating points ------------------------------------------------------------------------------------------------


def test_of_independent_cases_the_wider_interval_is_clopper_and_pearsons() -> None:
    got, exact = widened(exact_rate(95, 100), 0.99), exact_rate(95, 100, 0.99)
    assert (got.low, got.high) == pytest.approx((exact.low, exact.high), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), min_size=2, max_size=30))
def test_a_clustered_interval_gets_wider_and_by_more_than_an_exact_one(counts: list[tuple[int, int]]) -> None:
    given = clustered_rate({str(at): (min(k, n), n) for at, (k, n) in enumerate(counts)})
    got, exact = widened(given, 0.99), exact_rate(given.k, given.n, 0.99)
    assert got.low <= min(given.low, exact.low) + 1e-9
    assert got.high >= max(given.high, exact.high) - 1e-9
    assert got.confidence == 0.99


def test_what_says_nothing_goes_on_saying_nothing() -> None:
    for rate in (Rate(0, 0, 0, 1), Rate(3, 10, 0.0, 1.0)):
        got = widened(rate, 0.99)
        assert (got.low, got.high) == pytest.approx((0, 1), abs=0.01)


def test_the_live_threshold_is_one_that_was_calibrated() -> None:
    known = calibration(recall=(95, 100), negatives=1000, target=0.01)
    above = live_point("d", known, known.points[0].threshold.value)
    assert above.false_positives.k == 9
    assert above.false_positives.low < 0.009 < 0.01 < above.false_positives.high
    assert above.sensitivity.high < 1.0
    assert above.error == pytest.approx(0.02)
    with pytest.raises(CasebackError, match=r"not calibrated at 0[.]5; its calibration has: 0[.]99"):
        live_point("d", known, 0.5)
    with pytest.raises(CasebackError, match="detector d is not calibrated"):
        live_point("d", None, 0.5)


def test_of_a_pattern_that_finds_nothing_in_most_the_exact_interval_holds() -> None:
    scores = [0.0] * 1997 + [1.0] * 3
    at = set_threshold(scores, [str(each) for each in range(2000)], 0.01)
    known = replace(calibration(), negatives=tuple(scores), points=(KnownPoint(at, exact_rate(95, 100)),))
    got = live_point("d", known, 0.0).false_positives
    exact = exact_rate(3, 2000, 0.99)
    assert (got.k, got.low, got.high) == (3, pytest.approx(exact.low), pytest.approx(exact.high))
    pairs = set_threshold(scores, [str(each // 2) for each in range(2000)], 0.01)
    known = replace(known, points=(KnownPoint(pairs, exact_rate(95, 100)),))
    assert live_point("d", known, 0.0).false_positives.high > got.high


def test_an_operating_point_of_tasks_holds_whatever_the_dependence() -> None:
    point = live_point("d", calibration(), live_threshold(calibration()))
    assert of_tasks(point, 1.0) is point
    three = of_tasks(point, 3.0)
    assert three.false_positives.high == pytest.approx(3 * point.false_positives.high)
    assert three.false_positives.low == point.false_positives.low
    assert three.sensitivity.high == 1.0
    assert of_tasks(point, 1e9).false_positives.high == 1.0


# -- agreement and results -------------------------------------------------------------------------------------------


def test_kappa_by_hand() -> None:
    got = agreement(20, 5, 10, 15)  # the textbook's: agreed 0.7, by chance 0.5
    assert got.kappa == pytest.approx(0.4)
    assert (got.agreed.k, got.agreed.n) == (35, 50)
    assert got.low < 0.4 < got.high


@pytest.mark.parametrize("counts", [(0, 0, 0, 0), (0, 0, 0, 30), (30, 0, 0, 0)])
def test_kappa_that_cannot_be_told(counts: tuple[int, int, int, int]) -> None:
    got = agreement(*counts)
    assert got.kappa is None
    assert got.low == -1.0
    assert got.high == 1.0


def test_bounds_of_kappa_cover() -> None:
    rng, covered = np.random.default_rng(0), 0
    cells = np.array([0.1, 0.05, 0.05, 0.8])
    truth = 1 - 0.1 / (0.15 + 0.15 - 2 * 0.15 * 0.15)
    for _ in range(400):
        got = agreement(*map(int, rng.multinomial(60, cells)))
        covered += got.low <= truth <= got.high
    assert covered >= 0.95 * 400


def test_results_of_one_two_and_three() -> None:
    assert result([], 1) == Result(False)
    assert result([True], 1) == Result(True, True)
    assert result([None], 1) == Result(True, None)
    assert result([True], 2) == Result(False)
    assert result([True, False], 1) == Result(False, None, True)  # a third decides
    assert result([True, False, False], 1) == Result(True, False, True)
    assert result([True, True], 2) == Result(True, True)
    assert result([True, False, None], 2) == Result(True, None, True)


@given(st.permutations([True, True, False]), st.sampled_from([1, 2]))
def test_the_order_of_verdicts_does_not_matter(verdicts: list[bool], reviewers: int) -> None:
    assert result(verdicts, reviewers) == Result(True, True, True)


# -- estimates -------------------------------------------------------------------------------------------------------

SURE = OperatingPoint(Rate(0, 0, 0.9, 0.9, 1.0), Rate(0, 0, 0.01, 0.01, 1.0))


def traffic(n: int, rate: float, seed: int, share: float = 0.1, awaited_from: int | None = None) -> Units:
    rng = np.random.default_rng(seed)
    bad = rng.random(n) < rate
    flagged = rng.random(n) < np.where(bad, 0.9, 0.01)
    inclusion = np.where(flagged, 0.8, share)
    chosen = rng.random(n) < inclusion
    awaited = np.zeros(n, dtype=bool)
    if awaited_from is not None:
        awaited[awaited_from:] = chosen[awaited_from:]
    nothing = np.zeros(n)
    found = np.where(bad & chosen & ~awaited, inclusion, 0.0)
    return Units(flagged.astype(np.int8), found, nothing, awaited, awaited & False, np.ones(n, int), np.arange(n) * 1.0)


def test_all_three_find_the_rate() -> None:
    got = traffic(20_000, 0.03, 0)
    for each in (from_audits(got, levels(0.1)), from_flags(got, SURE), from_both(got, levels(0.1), SURE)):
        assert each.value == pytest.approx(0.03, abs=0.006)
        assert each.low < 0.03 < each.high < 0.06
        assert each.tasks == 20_000
        assert not each.why


def test_audits_that_are_awaited_are_not_taken_for_clean() -> None:
    whole, late = traffic(20_000, 0.03, 0), traffic(20_000, 0.03, 0, awaited_from=5000)
    assert from_audits(whole, levels(0.1)).tasks == 20_000
    got = from_audits(late, levels(0.1))
    assert 5000 <= got.tasks < 5050
    assert got.low < 0.03 < got.high
    assert from_flags(late, SURE).tasks == 20_000


def test_what_people_could_not_tell_widens_both_ways() -> None:
    got = traffic(5000, 0.0, 1)
    unclear = np.zeros(5000)
    unclear[::50] = 0.1
    told = Units(got.flagged, got.found, unclear, got.awaited, got.going, got.exchanges, got.time)
    sure, unsure = from_audits(got, levels(0.1)), from_audits(told, levels(0.1))
    assert unsure.low <= sure.low
    assert unsure.high > 0.15 > sure.high


def test_nothing_counted_and_nothing_evaluated_say_nothing() -> None:
    empty = units([], LATER)
    blind = units(lone(50, flagged=None), LATER)
    for got in (from_audits(empty, levels(0.1)), from_flags(empty, SURE), from_flags(blind, SURE)):
        assert (got.value, got.low, got.high, got.tasks) == (None, 0.0, 1.0, 0)
        assert got.why
    assert from_both(blind, levels(0.1), SURE).value is None


def test_an_operating_point_too_vague_says_so_and_bounds_nothing() -> None:
    vague = OperatingPoint(Rate(0, 0, 0.2, 0.9, 0.99), Rate(0, 0, 0.1, 0.3, 0.99))
    got = from_flags(traffic(1000, 0.03, 0), vague)
    assert got.value is None
    assert (got.low, got.high) == (0, 1)
    assert "does not lie above" in got.why


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_what_was_not_evaluated_bounds_the_rate_from_best_to_worst(told: int, untold: int) -> None:
    got = from_flags(traffic(2000, 0.03, 0), SURE)
    low, high = got.of_all(told, untold)
    assert 0 <= low <= high <= 1
    if told + untold:
        assert low == pytest.approx(got.low * told / (told + untold))
        assert high >= untold / (told + untold)
