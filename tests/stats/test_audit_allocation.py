"""Who is audited: the budget is met, the slice is kept, nothing finds more, and the weights are right."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.stats.audit_allocation import inclusion_probabilities, plan_audits

ratios = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=40)
shares = st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)).map(sorted)


@given(ratios, shares)
def test_the_budget_is_spent_exactly_and_the_slice_kept(log_ratios: list[float], share: list[float]) -> None:
    random_slice, budget = share
    plan = plan_audits(log_ratios, budget, random_slice)
    chances = inclusion_probabilities(plan, log_ratios)
    assert chances.mean() == pytest.approx(budget)
    assert (chances >= random_slice - 1e-12).all()
    assert (chances <= 1 + 1e-12).all()
    order = np.argsort(log_ratios)
    assert (np.diff(chances[order]) >= -1e-12).all()


def test_by_hand() -> None:
    """Ten exchanges, three audits, a slice of a tenth: 2.22 places, so the top two and a share of the third."""
    plan = plan_audits(np.arange(10.0), 0.3, 0.1)
    chances = inclusion_probabilities(plan, np.arange(10.0))
    assert chances[8:].tolist() == [1, 1]
    assert chances[7] == pytest.approx(0.3)
    assert chances[:7].tolist() == [0.1] * 7
    assert inclusion_probabilities(plan, [math.inf, -math.inf]).tolist() == [1, 0.1]


def test_no_other_plan_finds_more() -> None:
    """Over all ways to give eight exchanges one of three probabilities within the budget."""
    log_ratios = np.array([-1.0, 0.5, 2.0, 0.0, 3.0, -2.0, 1.0, 0.2])
    guilty = np.exp(log_ratios) / (99 + np.exp(log_ratios))
    chances = inclusion_probabilities(plan_audits(log_ratios, 0.4, 0.1), log_ratios)
    others = np.array(list(itertools.product([0.1, 0.55, 1.0], repeat=8)))
    within = others[others.mean(axis=1) <= 0.4 + 1e-12]
    assert len(within) > 900
    assert guilty @ chances >= (within @ guilty).max() - 1e-12


def test_two_detectors_find_more_than_one_and_the_weights_hold_the_rate() -> None:
    """Normal scores two apart in each; plan on one half of the traffic, audit the other; rate 1 %."""
    rng = np.random.default_rng(0)
    guilty = rng.random(200_000) < 0.01
    scores = rng.normal(np.where(guilty, 2.0, 0.0)[:, None], 1, size=(200_000, 2))
    ratio = 2 * scores - 2
    past, now = slice(0, 100_000), slice(100_000, None)
    recall = {}
    for name, joint in (("one", ratio[:, 0]), ("two", ratio.sum(axis=1))):
        chances = inclusion_probabilities(plan_audits(joint[past], 0.03, 0.01), joint[now])
        audited = rng.random(100_000) < chances
        assert audited.mean() == pytest.approx(0.03, abs=0.003)
        recall[name] = audited[guilty[now]].mean()
        weighted = (audited & guilty[now]) / chances
        error = weighted.std() / math.sqrt(100_000)
        assert abs(weighted.mean() - guilty[now].mean()) < 4 * error
    assert recall["two"] > 1.3 * recall["one"] > 2 * 1.3 * 0.03


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="a ratio is nan"):
        plan_audits([0.0, math.nan], 0.5, 0.1)
    with pytest.raises(ValueError, match=r"shape \(0,\)"):
        plan_audits([], 0.5, 0.1)
    with pytest.raises(ValueError, match=r"slice of 0\.6 and a budget of 0\.5"):
        plan_audits([0.0], 0.5, 0.6)
    with pytest.raises(ValueError, match="slice of 0 and"):
        plan_audits([0.0], 0.5, 0)
    with pytest.raises(ValueError, match="a ratio is nan"):
        inclusion_probabilities(plan_audits([0.0], 0.5, 0.1), [math.nan])
