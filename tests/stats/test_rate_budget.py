"""Alarms over a budget: seldom false however often one looks, and soon where they are due."""

import math

import numpy as np
import pytest

from caseback.stats.betting import log_e_above
from caseback.stats.rate_budget import against_budget, weighted_against_budget


def events(rate: float, n: int, runs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(runs, n) counts and times of the first n events: evidence only ever grows at one."""
    times = np.random.default_rng(seed).geometric(rate, size=(runs, n)).cumsum(axis=1)
    return np.broadcast_to(np.arange(1, n + 1), times.shape), times


@pytest.mark.parametrize("budget", [1e-2, 1e-3, 1e-4])
@pytest.mark.parametrize("share", [1.0, 0.8])
def test_within_the_budget_hardly_anyone_is_ever_alarmed(budget: float, share: float) -> None:
    """Looked at after each of the trials to 150 events; 5 % and three standard errors of 600 runs (0.027)."""
    log_e = log_e_above(*events(share * budget, 150, 600, 0), budget)
    assert (log_e >= math.log(20)).any(axis=1).mean() <= 0.05 + 0.027


def test_a_rate_that_moves_below_the_budget_alarms_as_seldom() -> None:
    rng, alarms, runs = np.random.default_rng(1), 0, 300
    rates = 0.02 * np.where(np.arange(100) % 2, 1.0, 0.2)
    for _ in range(runs):
        k = rng.binomial(50, rates).cumsum()
        alarms += against_budget(k, 50 * np.arange(1, 101), 0.02).alarm is not None
    assert alarms / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


@pytest.mark.parametrize("budget", [1e-2, 1e-3, 1e-4])
def test_over_the_budget_the_alarm_takes_little_longer_than_for_who_knew_the_rate(budget: float) -> None:
    """Wald's time for one who bets on the true rate is log 20 over the divergence; here twice that at most."""
    rate = 3 * budget
    k, times = events(rate, 80, 200, 2)
    over = log_e_above(k, times, budget) >= math.log(20)
    assert over.any(axis=1).all()
    alarm = over.argmax(axis=1)
    divergence = rate * math.log(3) + (1 - rate) * math.log((1 - rate) / (1 - budget))
    mean = np.take_along_axis(times, alarm[:, None], axis=1).mean()
    assert math.log(20) / divergence < mean < 2 * math.log(20) / divergence
    found = against_budget(k[0], times[0], budget)
    assert (found.alarm, found.trials) == (alarm[0], times[0, alarm[0]])
    assert (found.log_e[: found.alarm] < math.log(20)).all()
    assert found.log_e[found.alarm] >= math.log(20)


def test_weighted_audits_alarm_seldom_within_the_budget_and_soon_over_it() -> None:
    """A random slice of 1 % and half of the flagged: a violation weighs 1 or 1/50 of the most."""
    values, rng, runs = [1.0, 0.02], np.random.default_rng(3), 200
    alarmed = {}
    for rate in (1e-3, 5e-3):
        cells = [rate * 0.2 * 0.01, rate * 0.8 * 0.5]
        found = []
        for _ in range(runs):
            counts = rng.multinomial(2_000, [*cells, 1 - sum(cells)], size=20)[:, :2].cumsum(axis=0)
            trials = 2_000 * np.arange(1, 21)
            found.append(weighted_against_budget(values, counts, trials, 1e-3 * 0.01).alarm is not None)
        alarmed[rate] = np.mean(found)
    assert alarmed[1e-3] <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    assert alarmed[5e-3] > 0.95


def test_more_events_are_more_evidence_and_less_budget_too() -> None:
    few, many = (against_budget([k], [1_000], 0.01).log_e[0] for k in (15, 30))
    assert few < many
    assert against_budget([15], [1_000], 0.005).log_e[0] > few


def test_no_alarm_is_no_time() -> None:
    found = against_budget([0, 1], [0, 100], 0.01)
    assert (found.alarm, found.trials) == (None, None)
    assert found.log_e[0] == pytest.approx(0)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="2 events in 1"):
        against_budget([2], [1], 0.1)
    with pytest.raises(ValueError, match="nan events"):
        against_budget([math.nan], [1], 0.1)
    with pytest.raises(ValueError, match="empty"):
        against_budget([], [], 0.1)
    with pytest.raises(ValueError, match="fall after checkpoint 0: from 9 to 8"):
        against_budget([1, 1], [9, 8], 0.1)
    with pytest.raises(ValueError, match="fall after checkpoint 0"):
        against_budget([2, 1], [8, 9], 0.1)
    with pytest.raises(ValueError, match=r"null of 1\.5"):
        against_budget([1], [2], 1.5)
    with pytest.raises(ValueError, match="alpha 0"):
        against_budget([1], [2], 0.1, 0)
    with pytest.raises(ValueError, match=r"shape \(\)"):
        against_budget(1, 2, 0.1)
    with pytest.raises(ValueError, match="value 2"):
        weighted_against_budget([2], [[1]], [2], 0.1)
