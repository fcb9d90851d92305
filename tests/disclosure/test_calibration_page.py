"""The posterior on an audit's page: Bayes' rule by hand, and ends that are not known."""

import pytest

from caseback.disclosure.calibration_page import PRIORS, _after


def test_no_alarm_moves_each_prior_by_bayes_rule() -> None:
    for prior, found in zip(PRIORS, _after({"value": 0.1, "low": 0.0, "high": 0.4}), strict=True):
        odds = prior / (1 - prior)
        assert found["value"] == pytest.approx(0.1 * odds / (1 + 0.1 * odds))
        assert found["high"] == pytest.approx(0.4 * odds / (1 + 0.4 * odds))
        assert found["low"] == 0.0


def test_an_alarm_that_no_twin_ever_raised_is_certain_at_its_best_and_bounded_below() -> None:
    found = _after({"value": None, "low": 9.0, "high": None})[2]
    assert (found["value"], found["high"]) == (1.0, 1.0)
    assert found["low"] == pytest.approx(0.9)


def test_a_ratio_of_nothing_to_nothing_says_nothing() -> None:
    found = _after({"value": None, "low": 0.0, "high": None})[1]
    assert found["value"] is None
    assert (found["low"], found["high"]) == (0.0, 1.0)
