"""Scores of a latent beside reference implementations and brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score

from caseback.interp.labels.detection import best_latent, best_level, detection, f1_table
from caseback.interp.labels.units import Units, largest

VALUES = st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.5, 1.0, 2.0, 3.5]), st.booleans()), min_size=4, max_size=40)


def units_of(values: np.ndarray, truth: dict[str, np.ndarray]) -> Units:
    n = np.arange(len(values))
    return Units(csr_array(values).tocsc(), n, n < 0, n, n + 1, truth)


@given(VALUES, st.sampled_from([0.0, 0.7, 1.5]))
def test_scores_are_those_of_scikit_learn(rows: list[tuple[float, bool]], level: float) -> None:
    values, truth = np.array([v for v, _ in rows]), np.array([t for _, t in rows])
    found = detection(values, level, truth, np.arange(len(rows)) // 2)
    if truth.any():
        assert found.f1.value == pytest.approx(f1_score(truth, values > level, zero_division=0))
        assert found.f1.low <= found.f1.value <= found.f1.high
    if truth.any() and not truth.all():
        assert found.balanced.value == pytest.approx(balanced_accuracy_score(truth, values > level))
        assert 0 <= found.balanced.low <= found.balanced.value <= found.balanced.high <= 1
        assert found.auroc.value == pytest.approx(roc_auc_score(truth, values))
    else:
        assert np.isnan(found.balanced.value)


@given(VALUES)
def test_the_best_level_is_that_of_a_search_over_all(rows: list[tuple[float, bool]]) -> None:
    values, truth = np.array([v for v, _ in rows]), np.array([t for _, t in rows])
    level, f1 = best_level(values, truth)
    tried = [f1_score(truth, values > at, zero_division=0) for at in (0.0, 0.7, 1.5, 3.0)]
    assert f1 == pytest.approx(max(tried) if truth.any() else 0.0)
    assert f1_score(truth, values > level, zero_division=0) == pytest.approx(f1 if truth.any() else 0.0)


def test_a_planted_latent_is_found_with_its_level() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(400) < 0.2
    values = np.where(rng.random((400, 30)) < 0.3, rng.random((400, 30)), 0.0)
    values[:, 7] = np.where(
        truth, 2 + rng.random(400), rng.random(400)
    )  # weakly on everywhere, strongly where it holds
    units = units_of(values, {"planted": truth})
    table = f1_table(units, ["planted"])
    assert table[:, 0] == pytest.approx([f1_score(truth, values[:, latent] > 0) for latent in range(30)])
    latent, level, f1 = best_latent(units, "planted", table[:, 0])
    assert (latent, f1) == (7, 1.0)
    assert 1 < level < 2


@given(st.integers(0, 10_000))
def test_the_largest_of_a_group_is_that_of_the_dense_matrix(seed: int) -> None:
    rng = np.random.default_rng(seed)
    dense = np.where(rng.random((20, 6)) < 0.3, rng.random((20, 6)), 0.0)
    group = rng.integers(-1, 4, 20)
    truth = np.stack([dense[group == g].max(0, initial=0.0) for g in range(4)])
    assert largest(csr_array(dense), group, 4).toarray() == pytest.approx(truth)


def test_nothing_active_is_no_group() -> None:
    assert largest(csr_array((3, 5)), np.array([0, 0, 1]), 2).toarray().sum() == 0
