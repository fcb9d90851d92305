"""Foretelling from the inside: from activations at the last prompt token, before a word of the reply is written.

Features are projections on the mean difference between run situations that showed the behaviour and those that did not,
and on the principal components of the activations; a logistic regression weighs them. Layer, number of components and
penalty are chosen on the run families.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from caseback.interp.forecast.folds import Floats, Known, base_rate, best_shrink, out_of_fold, shrunk

LAYERS = 8
"""Layers tried at most, evenly spaced."""
COMPONENTS = (4, 16)
PENALTIES = (0.01, 0.1, 1.0)
"""Inverse strengths of the L2 penalty (scikit-learn's C)."""


@dataclass(frozen=True, eq=False)
class Settings:
    """What was chosen on the run families, with the Brier score that it had out of fold."""

    layer: int
    components: int
    penalty: float
    weight: float
    out_of_fold: float


@dataclass(frozen=True, eq=False)
class InsideForecaster:
    """A fitted forecaster of one layer: logit = coefficients · ((x − mean) @ basis / scale) + intercept.

    Attributes:
        settings: What was chosen.
        mean: [d].
        basis: [d, features]; the first column is the mean difference.
        scale: Standard deviation of each feature on run situations.
        coefficients: [features].
        intercept: Of the logistic regression.
        base: The base rate that the forecast is drawn to.
    """

    settings: Settings
    mean: Floats
    basis: Floats
    scale: Floats
    coefficients: Floats
    intercept: float
    base: float

    def predict(self, acts_NLD: Floats) -> Floats:
        """The probability per situation that the behaviour is shown."""
        features = (acts_NLD[:, self.settings.layer] - self.mean) @ self.basis / self.scale
        p = 1 / (1 + np.exp(-np.clip(features @ self.coefficients + self.intercept, -30, 30)))
        return shrunk(p, self.base, self.settings.weight)


def fit_inside(acts_NLD: Floats, known: Known, seed: int = 0) -> InsideForecaster:
    """Choose and fit a forecaster on what was run.

    Args:
        acts_NLD: residual stream at the last prompt token, per situation and layer.
        known: what came of them.
        seed: of the folds.
    """
    layers = sorted(set(np.linspace(0, acts_NLD.shape[1] - 1, min(LAYERS, acts_NLD.shape[1])).round().astype(int)))
    best: Settings | None = None
    for layer, components, penalty in product(layers, COMPONENTS, PENALTIES):
        own = Settings(int(layer), components, penalty, 1.0, 1.0)

        def fit_predict(kept: npt.NDArray[np.int64], out: npt.NDArray[np.int64], own: Settings = own) -> Floats:
            return _fit(acts_NLD[kept], known.of(kept), own).predict(acts_NLD[out])

        weight, score = best_shrink(*out_of_fold(known, seed, fit_predict), known.shares)
        if best is None or score < best.out_of_fold - 1e-9:
            best = replace(own, weight=weight, out_of_fold=score)
    assert best is not None
    return _fit(acts_NLD, known, best)


def _fit(acts_NLD: Floats, known: Known, settings: Settings) -> InsideForecaster:
    x = acts_NLD[:, settings.layer]
    base = base_rate(known.shares)
    mean = x.mean(0)
    centred = x - mean
    shown, hidden = known.shares.sum(), (1 - known.shares).sum()
    if shown and hidden:
        direction = known.shares @ x / shown - (1 - known.shares) @ x / hidden
    else:
        direction = np.zeros(x.shape[1])
    components = np.linalg.svd(centred, full_matrices=False)[2][: settings.components].T
    basis = np.column_stack([direction, components])
    features = centred @ basis
    scale = features.std(0)
    scale[scale < 1e-9 * max(1.0, float(np.abs(x).max()))] = np.inf  # what does not vary says nothing
    weights, intercept = logistic(features / scale, known.shares, settings.penalty)
    return InsideForecaster(settings, mean, basis, scale, weights, intercept, base)


def logistic(features: Any, shares: Floats, penalty: float) -> tuple[Floats, float]:
    """Weights and intercept of a logistic regression on shares in [0, 1]; no weights where all shares are the same."""
    from sklearn.linear_model import LogisticRegression

    n = len(shares)
    rows, labels, weights = _both(shares)
    if len(set(labels.tolist())) < 2:
        p = base_rate(shares)
        return np.zeros(features.shape[1]), float(np.log(p / (1 - p)))
    assert len(rows) >= n
    model = LogisticRegression(C=penalty, max_iter=2000)
    model.fit(features[rows], labels, sample_weight=weights)
    return np.asarray(model.coef_[0], dtype=float), float(model.intercept_[0])


def _both(shares: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """Each case as one that showed it and one that did not, weighted by how many draws did."""
    rows = np.concatenate([np.flatnonzero(shares > 0), np.flatnonzero(shares < 1)])
    labels = np.concatenate([np.ones((shares > 0).sum(), dtype=int), np.zeros((shares < 1).sum(), dtype=int)])
    weights = np.concatenate([shares[shares > 0], 1 - shares[shares < 1]])
    return rows, labels, weights


def kinds_of(families: Sequence[str]) -> list[str]:
    """What stands before the first dot of each family's name."""
    return [family.split(".")[0] for family in families]
