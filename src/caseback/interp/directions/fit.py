"""Ways to fit a direction that separates two classes of activations.

Each gives candidates, ``(what, vector [d])``, of any length, pointing to the positives; which of them and which layer
is chosen on other data.
"""

import warnings
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from caseback.errors import CasebackError

Candidates = list[tuple[str, Tensor]]
Fit = Callable[[Tensor, Tensor, int], Candidates]
"""``fit(acts [n, d], labels [n] of bool, seed)``."""
STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0)
"""Inverse strengths of the L2 penalty of logistic regression, to choose from."""


def mean_difference(acts_ND: Tensor, labels_N: Tensor, seed: int) -> Candidates:
    """The positives' mean less the negatives' (Marks and Tegmark 2023, arXiv 2310.06824)."""
    return [("mean", acts_ND[labels_N].mean(0) - acts_ND[~labels_N].mean(0))]


def logistic(acts_ND: Tensor, labels_N: Tensor, seed: int) -> Candidates:
    """Weights of logistic regression on standardised activations, one candidate for each strength of its penalty."""
    from sklearn.linear_model import LogisticRegression

    x_ND, scale_D = _standardised(acts_ND)
    found = []
    for strength in STRENGTHS:
        model = LogisticRegression(C=strength, max_iter=2_000, random_state=seed, class_weight="balanced")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a last digit that has not converged changes no ranking
            model.fit(x_ND, labels_N.numpy())
        found.append((f"logistic, C {strength:g}", torch.from_numpy(model.coef_[0] / scale_D).float()))
    return found


def lda(acts_ND: Tensor, labels_N: Tensor, seed: int) -> Candidates:
    """Fisher's linear discriminant, its covariance shrunk (Ledoit and Wolf, J. Multivariate Analysis 88, 2004).

    It is the mean difference with the directions in which the activations vary anyway weighed down.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    x_ND, scale_D = _standardised(acts_ND)
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=[0.5, 0.5])
    model.fit(x_ND, labels_N.numpy())
    return [("lda", torch.from_numpy(model.coef_[0] / scale_D).float())]


METHODS: Mapping[str, Fit] = {"mean": mean_difference, "logistic": logistic, "lda": lda}


def method(name: str) -> Fit:
    """The way of that name.

    Raises:
        CasebackError: there is none.
    """
    if name not in METHODS:
        raise CasebackError(f"no way to fit a direction is called {name!r}: there are {', '.join(METHODS)}")
    return METHODS[name]


def unit_and_scale(vector: Tensor, acts_ND: Tensor, labels_N: Tensor) -> tuple[Tensor, float, float] | None:
    """The vector at length 1, the distance of the class means along it, and where the negatives lie on it.

    None where the vector has no length, or the positives do not lie above the negatives along it.
    """
    norm = float(vector.norm())
    if not norm > 0 or not np.isfinite(norm):
        return None
    unit_D = (vector / norm).float()
    along_N = acts_ND @ unit_D
    high, low = float(along_N[labels_N].mean()), float(along_N[~labels_N].mean())
    if not high > low:
        return None
    return unit_D, high - low, low


def _standardised(acts_ND: Tensor) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    x_ND = acts_ND.double().numpy()
    mean_D, scale_D = x_ND.mean(0), x_ND.std(0)
    scale_D = np.where(scale_D > 1e-8, scale_D, 1.0)
    return (x_ND - mean_D) / scale_D, scale_D
