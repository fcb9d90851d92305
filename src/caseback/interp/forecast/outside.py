"""Forecasters that do not look inside: text of the situation, the rate of its kind, the base rate.

They saw the same transcripts, and choose their settings on the same folds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from caseback.interp.forecast.folds import Floats, Known, base_rate, best_shrink, out_of_fold, shrunk
from caseback.interp.forecast.inside import kinds_of, logistic

READINGS = {
    "words": {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"\w+|[^\w\s]"},
    "characters": {"analyzer": "char_wb", "ngram_range": (2, 5)},
}
"""Ways to take a text apart; counts are weighed by tf-idf."""
PENALTIES = (0.1, 1.0, 10.0, 100.0)


@dataclass(frozen=True)
class TextSettings:
    """What was chosen on the run families, with the Brier score that it had out of fold."""

    reading: str
    penalty: float
    weight: float
    out_of_fold: float


@dataclass(frozen=True, eq=False)
class TextForecaster:
    """A fitted black box: logistic regression on n-grams of the situation's text and on its kind."""

    settings: TextSettings
    vectorizer: Any
    kinds: tuple[str, ...]
    coefficients: Floats
    intercept: float
    base: float

    def predict(self, texts: Sequence[str], families: Sequence[str]) -> Floats:
        """The probability per situation that the behaviour is shown."""
        features = _features(self.vectorizer, texts, families, self.kinds)
        logit = np.asarray(features @ self.coefficients + self.intercept, dtype=float)
        return shrunk(1 / (1 + np.exp(-np.clip(logit, -30, 30))), self.base, self.settings.weight)


def fit_text(known: Known, seed: int = 0) -> TextForecaster:
    """Choose and fit the black box on what was run."""
    best: TextSettings | None = None
    for reading, penalty in product(READINGS, PENALTIES):
        own = TextSettings(reading, penalty, 1.0, 1.0)

        def fit_predict(kept: npt.NDArray[np.int64], out: npt.NDArray[np.int64], own: TextSettings = own) -> Floats:
            there = known.of(out)
            return _fit(known.of(kept), own).predict(there.texts, there.families)

        weight, score = best_shrink(*out_of_fold(known, seed, fit_predict), known.shares)
        if best is None or score < best.out_of_fold - 1e-9:
            best = replace(own, weight=weight, out_of_fold=score)
    assert best is not None
    return _fit(known, best)


def kind_rates(known: Known, families: Sequence[str]) -> Floats:
    """The rate of each situation's kind among what was run; the base rate for a kind that was not."""
    base, kinds = base_rate(known.shares), np.array(kinds_of(known.families))
    rates = {kind: base_rate(known.shares[kinds == kind]) for kind in set(kinds.tolist())}
    return np.array([rates.get(kind, base) for kind in kinds_of(families)])


def _fit(known: Known, settings: TextSettings) -> TextForecaster:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True, **READINGS[settings.reading]).fit(known.texts)
    kinds = tuple(sorted(set(kinds_of(known.families))))
    features = _features(vectorizer, known.texts, known.families, kinds)
    weights, intercept = logistic(features, known.shares, settings.penalty)
    return TextForecaster(settings, vectorizer, kinds, weights, intercept, base_rate(known.shares))


def _features(vectorizer: Any, texts: Sequence[str], families: Sequence[str], kinds: Sequence[str]) -> Any:
    from scipy.sparse import csr_matrix, hstack

    which = np.array([[kind == other for other in kinds] for kind in kinds_of(families)], dtype=float)
    return hstack([vectorizer.transform(list(texts)), csr_matrix(which)]).tocsr()
