"""Scores of forecasts, against closed forms."""

import random

import numpy as np
import pytest

from caseback.interp.forecast.score import score_forecasts


def test_brier_skill_and_differences_are_their_closed_forms() -> None:
    draws = [[True], [False], [True], [False]]
    families = ["a.1", "a.2", "b.1", "b.2"]
    p = {"inside": [0.9, 0.2, 0.6, 0.0], "base rate": [0.5] * 4}
    scores = score_forecasts(p, draws, families)
    inside, base = scores.forecasters
    assert inside.brier.value == pytest.approx((0.01 + 0.04 + 0.16 + 0) / 4)
    assert base.brier.value == pytest.approx(0.25)
    assert inside.skill == pytest.approx(1 - 0.0525 / 0.25)
    assert scores.differences["base rate"].value == pytest.approx(0.0525 - 0.25)
    assert scores.differences["base rate"].clusters == 4
    assert inside.auroc.value == 1.0
    assert scores.by_kind["a"]["inside"].value == pytest.approx(0.025)
    assert (scores.n, scores.unknown, scores.families) == (4, 0, 4)


def test_several_draws_are_meaned_and_what_nobody_could_judge_counts_nowhere() -> None:
    scores = score_forecasts(
        {"inside": [0.25, 0.9], "base rate": [0.5, 0.5]}, [[True, False, False, False], []], ["a.1", "a.2"]
    )
    assert scores.forecasters[0].brier.value == pytest.approx(0.25 * 0.75**2 + 0.75 * 0.25**2)
    assert (scores.n, scores.unknown) == (1, 1)
    assert (scores.forecasters[0].brier.low, scores.forecasters[0].brier.high) == (
        0.0,
        1.0,
    )  # one family says nothing of others


def test_a_calibrated_forecast_stands_on_the_diagonal_and_an_overconfident_one_does_not() -> None:
    rng = random.Random(0)
    p = [rng.random() for _ in range(2000)]
    draws = [[rng.random() < each] for each in p]
    families = [f"k.{i % 50}" for i in range(2000)]
    bold = [1.0 if each > 0.5 else 0.0 for each in p]
    calibrated, overconfident = score_forecasts(
        {"inside": p, "bold": bold, "base rate": [0.5] * 2000}, draws, families
    ).forecasters[:2]
    assert len(calibrated.calibration) == 5
    assert all(each.shown.low <= each.forecast <= each.shown.high for each in calibrated.calibration)
    assert not any(each.shown.low <= each.forecast <= each.shown.high for each in overconfident.calibration)
    assert sum(each.shown.n for each in calibrated.calibration) == 2000


def test_differences_between_equal_forecasters_cover_zero_and_families_widen_the_interval() -> None:
    rng = np.random.default_rng(1)
    outcome = rng.random(12) < 0.5
    draws = [[bool(outcome[i // 20])] for i in range(240)]
    p = {"inside": (0.5 + 0.1 * rng.standard_normal(240)).clip(0, 1).tolist(), "base rate": [0.5] * 240}
    together = score_forecasts(p, draws, [f"k.{i // 20}" for i in range(240)]).differences["base rate"]
    apart = score_forecasts(p, draws, [f"k.{i}" for i in range(240)]).differences["base rate"]
    assert together.low < 0 < together.high
    assert together.clusters == 12
    assert apart.clusters == 240
