"""Agreement of errors, held against closed forms and published definitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from caseback.stats.agreement import both_wrong, capa, cohens_kappa, kappa_of_errors

answers = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60)


@given(answers)
def test_kappa_is_that_of_another_implementation(pairs):
    a, b = map(list, zip(*pairs, strict=True))
    found = cohens_kappa(a, b)
    if math.isnan(found):
        assert set(a) == set(b)
        assert len(set(a)) == 1
    else:
        assert found == pytest.approx(cohen_kappa_score(a, b), abs=1e-9)


def test_answers_that_were_not_given_are_left_out():
    assert cohens_kappa([0, 1, -1, 0], [0, 1, 1, -1]) == 1
    assert math.isnan(cohens_kappa([-1, -1], [0, 1]))
    with pytest.raises(ValueError, match="same questions"):
        cohens_kappa([0], [0, 1])


def test_errors_on_the_same_questions_agree_whatever_the_wrong_answer():
    truth = [0] * 8
    assert kappa_of_errors([1, 2, 0, 0, 1, 0, 0, 0], [2, 1, 0, 0, 3, 0, 0, 0], truth) == 1
    assert kappa_of_errors([1, 1, 0, 0], [1, 0, 1, 0], [0] * 4) == 0
    assert kappa_of_errors([1, -1, 0], [1, 1, 0], [0] * 3) == 1


def test_wrong_together_and_with_the_same_answer():
    wrong, same = both_wrong([1, 2, 0, -1, 3], [1, 1, 1, 2, 3], [0, 0, 0, 0, 3])
    assert wrong.tolist() == [True, True, False, False, False]
    assert same.tolist() == [True, False, False, False, False]


def test_capa_of_the_paper_by_hand():
    """Two questions of three options: observed (0.5 0.6 + 0.3 0.2 + 0.2 0.2 + 0.1 + 0.36 + 0.02)/2."""
    p = np.array([[0.5, 0.3, 0.2], [0.2, 0.6, 0.2]])
    q = np.array([[0.6, 0.2, 0.2], [0.5, 0.4, 0.1]])
    observed = (0.30 + 0.06 + 0.04 + 0.10 + 0.24 + 0.02) / 2
    a, b = (0.5 + 0.6) / 2, (0.6 + 0.4) / 2
    expected = a * b + (1 - a) * (1 - b) / 2
    assert capa(p, q, [0, 1]) == pytest.approx((observed - expected) / (1 - expected))


def test_capa_is_one_for_one_confident_model_and_none_for_who_err_independently():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 20_000)

    def model():
        wrong = rng.random(len(truth)) < 0.3
        return np.eye(4)[np.where(wrong, (truth + rng.integers(1, 4, len(truth))) % 4, truth)]

    one, other = model(), model()
    assert capa(one, one, truth) == pytest.approx(1)
    assert capa(one, other, truth) == pytest.approx(0, abs=0.03)


def test_capa_leaves_out_what_was_not_answered_and_counts_the_options_that_there_are():
    p = np.array([[0.5, 0.5, np.nan], [np.nan] * 3])
    q = np.array([[0.5, 0.5, np.nan], [0.2, 0.3, 0.5]])
    assert capa(p, q, [0, 1]) == pytest.approx((0.5 - 0.5) / 0.5)
    assert math.isnan(capa(p[1:], q[1:], [0]))
    with pytest.raises(ValueError, match="probabilities"):
        capa(p, q[:1], [0, 1])
