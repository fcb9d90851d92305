"""Heads learned from labels that are soft, or wrong."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from caseback.oversight.ladder.head import CONFIDENCE, WARM_UP, confidence_weight, confident, fit, naive


def blobs(n: int, apart: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    rng = np.random.default_rng(seed)
    labels = (np.arange(n) % 2).astype(np.float32)
    acts = rng.normal(size=(n, 8)).astype(np.float32)
    acts[:, 3] += apart * (labels - 0.5)
    return acts, labels


def test_what_can_be_told_apart_is() -> None:
    acts, labels = blobs(200, 8.0)
    held, truth = blobs(200, 8.0, seed=1)
    said = fit(acts, labels).probabilities(held)
    assert ((said > 0.5) == (truth > 0.5)).mean() > 0.98
    assert said.min() >= 0
    assert said.max() <= 1


def test_labels_turned_round_turn_the_head_round() -> None:
    acts, labels = blobs(200, 8.0)
    said = fit(acts, 1 - labels).probabilities(acts)
    assert ((said > 0.5) == (labels < 0.5)).mean() > 0.98


def test_a_head_is_a_function_of_its_arguments() -> None:
    acts, labels = blobs(50, 1.0)
    assert np.array_equal(fit(acts, labels, seed=3).weights, fit(acts, labels, seed=3).weights)
    assert not np.array_equal(fit(acts, labels, seed=3).weights, fit(acts, labels, seed=4).weights)


def test_an_activation_that_never_varies_is_no_trouble() -> None:
    acts, labels = blobs(50, 8.0)
    acts[:, 0] = 7.0
    assert np.isfinite(fit(acts, labels).logits(acts)).all()


def test_unequal_lengths_and_no_cases_are_refused() -> None:
    acts, labels = blobs(10, 1.0)
    with pytest.raises(ValueError, match="10 cases and 9 labels"):
        fit(acts, labels[:9])
    with pytest.raises(ValueError, match="0 cases"):
        fit(acts[:0], labels[:0])


@given(st.floats(0, 1), st.floats(0, 1))
def test_confidence_rises_without_a_jump(one: float, other: float) -> None:
    slope = CONFIDENCE / WARM_UP
    assert abs(confidence_weight(one) - confidence_weight(other)) <= slope * abs(one - other) + 1e-12
    assert 0 <= confidence_weight(one) <= CONFIDENCE


def test_confidence_is_a_share_of_the_warm_up_and_then_whole() -> None:
    assert confidence_weight(0.0) == 0
    assert confidence_weight(WARM_UP / 2) == pytest.approx(CONFIDENCE / 2)
    assert confidence_weight(WARM_UP) == confidence_weight(1.0) == CONFIDENCE


def test_at_first_the_confident_loss_is_the_naive_one() -> None:
    logits, soft = torch.tensor([2.0, -1.0, 0.3]), torch.tensor([0.9, 0.2, 0.1])
    assert confident(logits, soft, 0.0).item() == pytest.approx(naive(logits, soft, 0.0).item())


def test_a_confident_student_is_not_pulled_to_a_label_it_is_surely_against() -> None:
    logits, soft = torch.tensor([4.0, 4.0, -4.0, -4.0]), torch.tensor([1.0, 0.0, 1.0, 0.0])
    assert confident(logits, soft, 1.0) < naive(logits, soft, 1.0)
