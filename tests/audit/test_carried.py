"""Thresholds of one base at another: moved by as much as the bases differ, and by nothing where that is not known."""

import pytest

from caseback.audit.carried import carried
from caseback.audit.statistic import Statistic, untold

CUT = {"value": 2.0, "target": 0.05, "expected": 0.04, "low": 0.0, "high": 0.1, "n": 24, "clusters": 5, "rank": 1}
CALIBRATION = {
    "base_statistics": {
        "admits/a": {"value": -1.0},
        "moved/a": {"value": None},
        "tempted/a": {"value": 0.2},
    },
    "views": {
        "all": {
            "panel": {
                "centres": {"admits/a": -0.5, "moved/a": 1.0, "tempted/a": 0.3},
                "scales": {"admits/a": 0.1, "moved/a": 0.2, "tempted/a": 0.1},
                "thresholds": {"admits/a": -0.3, "moved/a": 1.4, "tempted/a": 0.5},
                "cut": {**CUT, "confidence": 0.95},
                "without": ["noise/a"],
            }
        }
    },
}


def told(value: float) -> Statistic:
    return Statistic(value, 0.0, 8, "so much")


def test_a_threshold_moves_by_as_much_as_the_bases_differ() -> None:
    panel = carried(CALIBRATION, "all", {"admits/a": told(0.5), "moved/a": told(9.0), "tempted/a": untold("why not")})
    assert panel.thresholds == {
        "admits/a": pytest.approx(-0.3 + 1.5),
        "moved/a": 1.4,  # the old base says nothing of itself
        "tempted/a": 0.5,  # nor the new one
    }
    assert panel.centres["admits/a"] == pytest.approx(1.0)
    assert panel.scales == CALIBRATION["views"]["all"]["panel"]["scales"]
    assert (panel.without, panel.met) == (("noise/a",), True)


def test_bases_that_come_to_the_same_share_their_thresholds() -> None:
    same = {"admits/a": told(-1.0), "tempted/a": told(0.2)}
    assert carried(CALIBRATION, "all", same).thresholds == CALIBRATION["views"]["all"]["panel"]["thresholds"]
