"""The area under a curve and its interval, against pair counting, scikit-learn, and simulation."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from caseback.interp.difference.auroc import area_gain, auroc

cases = st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.sampled_from("abcd")), min_size=2, max_size=30)


@given(cases)
def test_it_is_the_share_of_ordered_pairs_and_its_interval_holds_it(rows) -> None:
    scores, truth, families = ([row[i] for row in rows] for i in range(3))
    found = auroc(scores, truth, families)
    if all(truth) or not any(truth):
        assert math.isnan(found.value)
        assert (found.low, found.high) == (0.0, 1.0)
        return
    pairs = itertools.product(
        [s for s, y in zip(scores, truth, strict=True) if y], [s for s, y in zip(scores, truth, strict=True) if not y]
    )
    expected = np.mean([(a > b) + 0.5 * (a == b) for a, b in pairs])
    assert found.value == pytest.approx(expected) == pytest.approx(roc_auc_score(truth, scores))
    assert 0 <= found.low <= found.value + 1e-9
    assert found.value - 1e-9 <= found.high <= 1


def test_perfect_order_has_no_perfect_certainty() -> None:
    found = auroc(range(40), [i >= 20 for i in range(40)], [f"f{i // 4}" for i in range(40)])
    assert found.value == found.high == 1.0
    assert 0.5 < found.low < 0.97


def test_one_family_of_a_kind_says_nothing() -> None:
    found = auroc([0, 1, 2, 3], [False, False, True, True], ["a", "b", "c", "c"])
    assert (found.low, found.high) == (0.0, 1.0)


def test_the_interval_covers_where_families_pull_together() -> None:
    rng = np.random.default_rng(0)
    # Positives lie one above negatives on average, and each family has a shift of its own.
    truth = np.array([i % 2 == 0 for i in range(96)])
    families = np.array([f"{'p' if y else 'n'}{(i // 2) % 8}" for i, y in enumerate(truth)])
    names = sorted(set(families))
    value = 0.5 * (1 + math.erf(1 / math.sqrt(2 * (1 + 0.5)) / math.sqrt(2)))
    hits = 0
    for _ in range(200):
        shifts = dict(zip(names, rng.normal(0, math.sqrt(0.5), len(names)), strict=True))
        scores = truth + rng.normal(0, 1, len(truth)) + np.array([shifts[f] for f in families])
        # The truth over new families: both kinds have variance 1.5, so the difference has 3.
        found = auroc(scores.tolist(), truth.tolist(), families.tolist())
        hits += found.low <= 0.5 * (1 + math.erf(1 / math.sqrt(3) / math.sqrt(2))) <= found.high
    assert value > 0.7
    assert hits >= 180


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


def test_scores_that_are_not_finite_or_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        auroc([math.nan, 1.0], [True, False], ["a", "b"])
    with pytest.raises(ValueError, match="2 scores, 1 labels"):
        auroc([0.0, 1.0], [True], ["a", "b"])
