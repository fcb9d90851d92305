"""Foretelling from the inside: from activations at the last prompt token, before a word of the reply is written.

Activations are scaled to root mean square 1, as the model's own norms do. Features are the situation's kind (which says
what is asked about it), the projection on the mean difference, within kinds, between run situations that showed the
behaviour and those that did not, and projections on the principal components within kinds. A logistic regression weighs
them. Layer, number of components and penalty are chosen on run families that were left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from caseback.interp.forecast.folds import Floats, Known, base_rate, best_shrink, folds, shrunk

LAYERS = 8
"""Layers tried at most, evenly spaced, the last among them."""
COMPONENTS = (0, 4, 16, 64)
PENALTIES = (0.03, 0.3, 3.0, 30.0)
"""Inverse strengths of the L2 penalty (scikit-learn's C)."""


@dataclass(frozen=True)
class Settings:
    """What was chosen on the run families, with the Brier score that it had out of fold."""

    layer: int
    components: int
    penalty: float
    weight: float
    out_of_fold: float


@dataclass(frozen=True, eq=False)
class Reading:
    """How activations of one layer become features.

    Attributes:
        layer: Which.
        kinds: Those of the run situations.
        means: Mean activation of each kind [kinds, d], and last of all of them.
        basis: [d, 1 + components]; the first column is the mean difference, of unit length.
        scale: Standard deviation of each projection on run situations; infinite where it does not vary.
        projections: Of the run situations; those on the mean difference by fits that left their families out.
    """

    layer: int
    kinds: tuple[str, ...]
    means: Floats
    basis: Floats
    scale: Floats
    projections: Floats

    def project(self, acts_NLD: Floats, kinds: Sequence[str]) -> Floats:
        """Projections [situations, 1 + components] of other situations."""
        return (scaled(acts_NLD[:, self.layer]) - self.means[_places(kinds, self.kinds)]) @ self.basis

    def features(self, projections: Floats, kinds: Sequence[str], components: int) -> Floats:
        """Kinds, then the mean difference, then that many components, the latter two in units of their spread."""
        which = np.array([[kind == other for other in self.kinds] for kind in kinds], dtype=float)
        return np.column_stack([which, (projections / self.scale)[:, : 1 + components]])


@dataclass(frozen=True, eq=False)
class InsideForecaster:
    """A fitted forecaster; ``base`` is the base rate that it is drawn to."""

    settings: Settings
    reading: Reading
    coefficients: Floats
    intercept: float
    base: float

    def predict(self, acts_NLD: Floats, families: Sequence[str]) -> Floats:
        """The probability per situation that the behaviour is shown."""
        kinds = kinds_of(families)
        projections = self.reading.project(acts_NLD, kinds)
        features = self.reading.features(projections, kinds, self.settings.components)
        p = probability(features @ self.coefficients + self.intercept)
        return shrunk(p, self.base, self.settings.weight)


def fit_inside(acts_NLD: Floats, known: Known, seed: int = 0) -> InsideForecaster:
    """Choose and fit a forecaster on what was run.

    Args:
        acts_NLD: residual stream at the last prompt token, per situation and layer.
        known: what came of them.
        seed: of the folds.
    """
    depth = acts_NLD.shape[1]
    layers = sorted(set(np.linspace(0, depth - 1, min(LAYERS, depth)).round().astype(int).tolist()))
    choices = [(components, penalty) for components in COMPONENTS for penalty in PENALTIES]
    best: Settings | None = None
    for layer in layers:
        predicted = np.full((len(choices), len(known.shares)), 0.5)
        bases = np.full(len(known.shares), 0.5)
        for kept, out in folds(known.families, seed):
            inner = known.of(kept)
            reading = read(acts_NLD[kept], inner, layer, seed)
            bases[out] = base_rate(inner.shares)
            for at, (components, penalty) in enumerate(choices):
                settings = Settings(layer, components, penalty, 1.0, 1.0)
                fitted = _fit(reading, inner, settings)
                predicted[at, out] = fitted.predict(acts_NLD[out], known.of(out).families)
        for at, (components, penalty) in enumerate(choices):
            weight, score = best_shrink(predicted[at], bases, known.shares)
            if best is None or score < best.out_of_fold - 1e-9:
                best = Settings(layer, components, penalty, weight, score)
    assert best is not None
    return _fit(read(acts_NLD, known, best.layer, seed), known, best)


def read(acts_NLD: Floats, known: Known, layer: int, seed: int) -> Reading:
    """Fit means, mean difference and components of one layer on what was run."""
    own = kinds_of(known.families)
    kinds = tuple(sorted(set(own)))
    x_ND = scaled(acts_NLD[:, layer])
    places = _places(own, kinds)
    means = np.stack([*(x_ND[places == k].mean(0) for k in range(len(kinds))), x_ND.mean(0)])
    centred_ND = x_ND - means[places]
    components = np.linalg.svd(centred_ND, full_matrices=False)[2][: max(COMPONENTS)]
    basis = np.column_stack([_difference(centred_ND, known.shares, places), components.T])
    projections = centred_ND @ basis
    # A direction fitted on a case lies towards it, so each is projected on one that was fitted on other families.
    for kept, out in folds(known.families, seed + 1):
        projections[out, 0] = centred_ND[out] @ _difference(centred_ND[kept], known.shares[kept], places[kept])
    scale = projections.std(0)
    scale[scale < 1e-9] = np.inf  # what does not vary says nothing
    return Reading(layer, kinds, means, basis, scale, projections)


def scaled(x_ND: Floats) -> Floats:
    """Each activation with root mean square 1."""
    rms = np.sqrt((x_ND**2).mean(-1, keepdims=True))
    return np.asarray(x_ND / np.maximum(rms, 1e-12), dtype=float)


def _difference(centred_ND: Floats, shares: Floats, places: npt.NDArray[np.int64]) -> Floats:
    """The unit vector from what did not show the behaviour to what did, within kinds, which weigh by what they tell."""
    total = np.zeros(centred_ND.shape[1])
    for k in set(places.tolist()):
        x, y = centred_ND[places == k], shares[places == k]
        shown, hidden = y.sum(), (1 - y).sum()
        if shown and hidden:
            total += (shown * hidden / len(y)) * (y @ x / shown - (1 - y) @ x / hidden)
    norm = np.linalg.norm(total)
    return np.asarray(total / norm if norm else total, dtype=float)


def _fit(reading: Reading, known: Known, settings: Settings) -> InsideForecaster:
    features = reading.features(reading.projections, kinds_of(known.families), settings.components)
    weights, intercept = logistic(features, known.shares, settings.penalty)
    return InsideForecaster(replace(settings), reading, weights, intercept, base_rate(known.shares))


def _places(kinds: Sequence[str], known: Sequence[str]) -> npt.NDArray[np.int64]:
    """The row of each kind; the last, after all of them, for one that is not known."""
    return np.array([known.index(kind) if kind in known else len(known) for kind in kinds])


def probability(logits: Any) -> Floats:
    """The logistic function, without overflow."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), dtype=float)


def logistic(features: Any, shares: Floats, penalty: float) -> tuple[Floats, float]:
    """Weights and intercept of a logistic regression on shares in [0, 1].

    Each case counts as one that showed the behaviour and one that did not, weighted by how many draws did. Where all
    did, or none, the weights are 0 and the intercept is that of the base rate.
    """
    from sklearn.linear_model import LogisticRegression

    shown, hidden = np.flatnonzero(shares > 0), np.flatnonzero(shares < 1)
    if not len(shown) or not len(hidden):
        p = base_rate(shares)
        return np.zeros(features.shape[1]), float(np.log(p / (1 - p)))
    # liblinear is several times faster here; it penalises the intercept too, the less the larger its scaling.
    model = LogisticRegression(C=penalty, max_iter=2000, solver="liblinear", intercept_scaling=10.0, random_state=0)
    labels = np.concatenate([np.ones(len(shown), dtype=int), np.zeros(len(hidden), dtype=int)])
    model.fit(
        features[np.concatenate([shown, hidden])],
        labels,
        sample_weight=np.concatenate([shares[shown], 1 - shares[hidden]]),
    )
    return np.asarray(model.coef_[0], dtype=float), float(model.intercept_[0])


def kinds_of(families: Sequence[str]) -> list[str]:
    """What stands before the first dot of each family's name."""
    return [family.split(".")[0] for family in families]
