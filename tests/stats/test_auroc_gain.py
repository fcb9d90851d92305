"""The gain in area under a curve: that of two areas, and never certain without cause."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from caseback.stats.auroc_gain import area_gain


def test_a_gain_of_the_same_scores_is_nothing_and_not_certain() -> None:
    truth, families = [i % 2 == 0 for i in range(24)], [f"f{i // 3}" for i in range(24)]
    scores = list(range(24))
    same = area_gain(scores, scores, truth, families)
    assert (same.value, same.low, same.high) == (0.0, -1.0, 1.0)
    rng = np.random.default_rng(0)
    good = [y + rng.normal(0, 0.7) for y in truth]
    poor = rng.normal(0, 1, 24).tolist()
    better = area_gain(good, poor, truth, families)
    assert better.value == pytest.approx(roc_auc_score(truth, good) - roc_auc_score(truth, poor))
    assert better.low < better.value < better.high


def test_strata_are_compared_within_themselves() -> None:
    """One stratum's scores are on another scale: pooled they would hide that each is perfect."""
    truth, families = [True, False] * 12, [f"f{i // 4}" for i in range(24)]
    strata = ["low" if i < 12 else "high" for i in range(24)]
    rng = np.random.default_rng(1)
    good = [y + (100.0 if stratum == "high" else 0.0) for y, stratum in zip(truth, strata, strict=True)]
    poor = rng.normal(0, 1, 24).tolist()
    found = area_gain(good, poor, truth, families, strata=strata)
    areas = [roc_auc_score(truth[part], poor[part]) for part in (slice(12), slice(12, 24))]
    assert found.value == pytest.approx(1 - np.mean(areas))
    assert area_gain(good, poor, truth, families, strata=["one"] * 24) == area_gain(good, poor, truth, families)
