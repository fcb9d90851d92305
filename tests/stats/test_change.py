"""Changes: how long until a false alarm, how soon a true one, and the mean of the evidence exactly."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binom

from caseback.stats.change import change_above, weighted_change_above


@pytest.mark.parametrize("reference", [0.05, 0.4])
def test_at_the_reference_the_evidence_grows_by_one_a_trial(reference: float) -> None:
    """Over all sequences of six trials: E M_n = n, the identity that the run length rests on."""
    streams = np.array(list(itertools.product([0, 1], repeat=6))).T
    chances = np.prod(np.where(streams == 1, reference, 1 - reference), axis=0)
    found = change_above(streams, np.ones_like(streams), reference, 100)
    assert np.exp(found.log_e) @ chances == pytest.approx([1, 2, 3, 4, 5, 6], rel=1e-9)


def test_a_step_of_many_trials_counts_as_many() -> None:
    k = np.arange(31)
    found = change_above(k[None], np.full((1, 31), 30), 0.1, 100)
    assert np.exp(found.log_e[0]) @ binom.pmf(k, 30, 0.1) == pytest.approx(30, rel=1e-9)
    assert np.exp(found.log_e[0]) @ binom.pmf(k, 30, 0.05) < 30


def test_one_trial_by_hand() -> None:
    """Two trials with one event each: the first bet has won twice, the second once."""
    once = np.exp(change_above([1], [1], 0.1, 100).log_e[0])
    log_e = change_above([1, 1], [1, 1], 0.1, 100).log_e
    twice = np.exp(weighted_change_above([1.0], [[2]], [2], 0.1, 100).log_e[0]) / 2
    assert np.exp(log_e) == pytest.approx([once, twice + once])


@pytest.mark.parametrize("reference", [1e-2, 1e-3])
def test_false_alarms_are_further_apart_than_the_run_length(reference: float) -> None:
    """Runs of thrice that length, cut off there, in steps of a tenth of an event: the mean can only be longer."""
    step = int(0.1 / reference)
    run_length = 40 * step
    k = np.random.default_rng(0).binomial(step, reference, size=(120, 100))
    alarm = change_above(k, np.full(k.shape, step), reference, run_length).alarm
    trials = np.where(alarm < 0, 120, alarm + 1) * step
    assert trials.mean() - 3 * trials.std() / math.sqrt(100) >= run_length
    # Doob: by a tenth of it at most a tenth have alarmed.
    assert ((alarm >= 0) & (alarm < 4)).mean() <= 0.1 + 3 * math.sqrt(0.09 / 100)


def test_a_change_is_noticed_soon_and_dated() -> None:
    """From 1e-3 to 1e-2 after 20,000 of 25,000 exchanges, in steps of 250; a false alarm in a million."""
    rng = np.random.default_rng(1)
    k = np.concatenate([rng.binomial(250, 1e-3, size=(80, 40)), rng.binomial(250, 1e-2, size=(20, 40))])
    found = change_above(k, np.full(k.shape, 250), 1e-3, 1e6)
    assert (found.alarm >= 0).all()
    after = found.alarm >= 80
    assert after.mean() > 0.95
    delay = 250 * (found.alarm[after] - 79)
    assert np.median(delay) < 1_500
    since = np.take_along_axis(found.since, found.alarm[None], axis=0)[0][after]
    assert np.median(np.abs(since - 80)) <= 2


def test_weighted_audits_are_watched_too() -> None:
    rng = np.random.default_rng(2)
    before, later = ([rate * 0.2 * 0.01, rate * 0.8 * 0.5] for rate in (1e-3, 1e-2))
    counts = np.concatenate(
        [rng.multinomial(500, [*cells, 1 - sum(cells)], size=40)[:, :2] for cells in (before, later)]
    )
    found = weighted_change_above([1.0, 0.02], counts, np.full(80, 500), 1e-3 * 0.01, 1e6)
    assert 40 <= found.alarm < 60
    assert abs(int(found.since[found.alarm]) - 40) <= 6


def test_more_events_are_more_evidence_and_empty_steps_change_nothing() -> None:
    few, many = (change_above([1, k], [50, 50], 0.01, 100).log_e[1] for k in (1, 4))
    assert few < many
    with_empty = change_above([1, 0, 1], [50, 0, 50], 0.01, 100).log_e
    assert with_empty[[0, 2]] == pytest.approx(change_above([1, 1], [50, 50], 0.01, 100).log_e)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="2 events in 1"):
        change_above([2], [1], 0.1, 10)
    with pytest.raises(ValueError, match="nan events"):
        change_above([math.nan], [1], 0.1, 10)
    with pytest.raises(ValueError, match="empty"):
        change_above([], [], 0.1, 10)
    with pytest.raises(ValueError, match="reference of 0"):
        change_above([1], [2], 0, 10)
    with pytest.raises(ValueError, match="run length of 1"):
        change_above([1], [2], 0.1, 1)
    with pytest.raises(ValueError, match="no axis of steps"):
        change_above(1, 2, 0.1, 10)
    with pytest.raises(ValueError, match=r"value 1\.5"):
        weighted_change_above([1.5], [[1]], [2], 0.1, 10)
