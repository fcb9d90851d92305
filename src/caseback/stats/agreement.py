"""How far two who answer the same questions err together.

Answers are classes, -1 where there was none: such questions are left out of a pair's figures.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int_]
Floats = npt.NDArray[np.float64]
NONE = -1


def cohens_kappa(first: Sequence[int] | Ints, second: Sequence[int] | Ints) -> float:
    """Agreement beyond what the two would reach by chance (Cohen, Educational and Psychological Measurement 20, 1960).

    (agreed - expected) / (1 - expected), expected being the sum over classes of the product of their shares. NaN
    without common answers, or where both always say one and the same.

    Raises:
        ValueError: unequal lengths.
    """
    a, b = _common(first, second)
    if not len(a):
        return math.nan
    expected = sum(float((a == each).mean() * (b == each).mean()) for each in np.union1d(a, b))
    return (float((a == b).mean()) - expected) / (1 - expected) if expected < 1 else math.nan


def kappa_of_errors(first: Sequence[int] | Ints, second: Sequence[int] | Ints, truth: Sequence[int] | Ints) -> float:
    """Cohen's kappa of *being wrong*: 0 where their errors have nothing to do with each other, 1 where they are wrong
    on the same questions."""
    true = np.asarray(truth)
    return cohens_kappa(*(_wrong(np.asarray(each), true) for each in (first, second)))


def both_wrong(
    first: Sequence[int] | Ints, second: Sequence[int] | Ints, truth: Sequence[int] | Ints
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """For each question whether both are wrong, and whether they are with one and the same answer (Kim et al. 2025,
    arXiv 2506.07962)."""
    a, b, true = np.asarray(first), np.asarray(second), np.asarray(truth)
    wrong = (a != true) & (b != true) & (a != NONE) & (b != NONE)
    return wrong, wrong & (a == b)


def capa(first: Floats, second: Floats, truth: Sequence[int] | Ints) -> float:
    """Chance-adjusted probabilistic agreement, kappa_p, of Goel et al. 2025 (arXiv 2502.04313).

    Observed is the mean over questions of sum_i p1(i) p2(i). Expected is what two models of the same accuracies would
    reach that err independently and spread their errors evenly over the wrong options:
    a1 a2 + (1 - a1)(1 - a2) mean(1 / (options - 1)), a being the mean probability of the right answer. Where the two
    are more alike than their accuracies make them, it is above 0.

    Args:
        first: probabilities [questions, options]; options that a question has not are NaN, and so is a whole row that
            was not answered.
        second: the same, in the same order.
        truth: the right option of each question.

    Raises:
        ValueError: unequal shapes.
    """
    if first.shape != second.shape or len(first) != len(truth):
        raise ValueError(f"probabilities of {first.shape} and {second.shape} for {len(truth)} questions")
    kept = ~(np.isnan(first).all(axis=1) | np.isnan(second).all(axis=1))
    p, q, true = first[kept], second[kept], np.asarray(truth)[kept]
    if not len(p):
        return math.nan
    options = (~np.isnan(p)).sum(axis=1)
    observed = float(np.nansum(p * q, axis=1).mean())
    rows = np.arange(len(p))
    a, b = float(p[rows, true].mean()), float(q[rows, true].mean())
    expected = a * b + (1 - a) * (1 - b) * float((1 / (options - 1)).mean())
    return (observed - expected) / (1 - expected) if expected < 1 else math.nan


def _wrong(answers: Ints, truth: Ints) -> Ints:
    return np.where(answers == NONE, NONE, (answers != truth).astype(int))


def _common(first: Sequence[int] | Ints, second: Sequence[int] | Ints) -> tuple[Ints, Ints]:
    a, b = np.asarray(first, dtype=int), np.asarray(second, dtype=int)
    if a.shape != b.shape:
        raise ValueError(
            f"{len(a)} answers of the first and {len(b)} of the second: they must be of the same questions"
        )
    kept = (a != NONE) & (b != NONE)
    return a[kept], b[kept]
