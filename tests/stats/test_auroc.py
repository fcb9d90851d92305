"""AUROC against its definition and scikit-learn; its interval against simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from caseback.stats.auroc import auroc

cases = st.lists(st.tuples(st.integers(-3, 3), st.booleans(), st.sampled_from("abcd")), min_size=2, max_size=40).filter(
    lambda rows: 0 < sum(label for _, label, _ in rows) < len(rows)
)


@given(cases)
def test_it_is_the_share_of_pairs_that_are_in_order(rows: list[tuple[int, bool, str]]) -> None:
    scores, labels, clusters = map(list, zip(*rows, strict=True))
    found = auroc(scores, labels, clusters)
    pairs = [
        1.0 if a > b else 0.5 if a == b else 0.0
        for a, first in zip(scores, labels, strict=True)
        for b, second in zip(scores, labels, strict=True)
        if first and not second
    ]
    assert found.value == pytest.approx(sum(pairs) / len(pairs))
    assert found.value == pytest.approx(roc_auc_score(labels, scores))
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1


@given(cases)
def test_turning_scores_round_turns_the_interval_round(rows: list[tuple[int, bool, str]]) -> None:
    scores, labels, clusters = map(list, zip(*rows, strict=True))
    found, turned = auroc(scores, labels, clusters), auroc([-s for s in scores], labels, clusters)
    assert turned.value == pytest.approx(1 - found.value)
    assert (turned.low, turned.high) == pytest.approx((1 - found.high, 1 - found.low), abs=1e-6)


def test_classes_that_are_altogether_apart_still_have_a_width() -> None:
    scores, labels = list(range(20)), [False] * 10 + [True] * 10
    found = auroc(scores, labels, [str(i % 5) for i in range(20)])
    assert found.value == 1
    assert found.high == 1
    assert found.low < 0.8
    alone = auroc(scores, labels, [str(i) for i in range(20)])
    assert alone.low == pytest.approx(
        0.05 ** (1 / 10) * (0.025 / 0.05) ** (1 / 10), abs=1e-9
    )  # Clopper, Pearson: 10/10


def test_one_cluster_says_nothing_of_others_and_one_class_nothing_at_all() -> None:
    assert auroc([1, 2, 3, 4], [False, True, False, True], ["a"] * 4).low == 0
    found = auroc([1.0, 2.0], [True, True], ["a", "b"])
    assert math.isnan(found.value)
    assert str(found) == "cannot tell"
    with pytest.raises(ValueError, match="score 1 is not a number"):
        auroc([1.0, math.nan], [True, False], ["a", "b"])
    with pytest.raises(ValueError, match="one of each"):
        auroc([1.0], [True, False], ["a", "b"])


@pytest.mark.parametrize("between", [0.0, 1.0])
def test_the_interval_covers_with_independent_and_with_clustered_cases(between: float) -> None:
    rng, covered, runs = np.random.default_rng(1), 0, 300
    clusters = np.repeat(np.arange(12), 8)
    labels = clusters % 2 == 0  # whole clusters of one class: the hard case
    true = float(1 - _normal_cdf(-1.5 / math.sqrt(2 * (1 + between**2))))
    for _ in range(runs):
        shift = rng.normal(0, between, 12)[clusters] if between else 0.0
        scores = 1.5 * labels + shift + rng.normal(0, 1, len(labels))
        found = auroc(scores.tolist(), labels.tolist(), clusters.astype(str).tolist())
        covered += found.low <= true <= found.high
    assert covered / runs >= 0.94


def _normal_cdf(x: float) -> float:
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))
