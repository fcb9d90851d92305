"""Forecasters that do not look inside: text of the situation, the rate of its kind, the base rate.

They saw the same transcripts, and choose their settings on the same folds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from caseback.interp.forecast.folds import Floats, Known, base_rate, best_shrink, folds, shrunk
from caseback.interp.forecast.inside import kinds_of, logistic, probability

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
        p = probability(features @ self.coefficients + self.intercept)
        return shrunk(p, self.base, self.settings.weight)


def fit_text(known: Known, seed: int = 0) -> TextForecaster:
    """Choose and fit the black box on what was run."""
    best: TextSettings | None = None
    for reading in READINGS:
        predicted = np.full((len(PENALTIES), len(known.shares)), 0.5)
        bases = np.full(len(known.shares), 0.5)
        for kept, out in folds(known.families, seed):
            inner, there = known.of(kept), known.of(out)
            bases[out] = base_rate(inner.shares)
            vectorizer, kinds, features = _read(inner, reading)
            beside = _features(vectorizer, there.texts, there.families, kinds)
            for at, penalty in enumerate(PENALTIES):
                weights, intercept = logistic(features, inner.shares, penalty)
                predicted[at, out] = probability(beside @ weights + intercept)
        for at, penalty in enumerate(PENALTIES):
            weight, score = best_shrink(predicted[at], bases, known.shares)
            if best is None or score < best.out_of_fold - 1e-9:
                best = TextSettings(reading, penalty, weight, score)
    assert best is not None
    vectorizer, kinds, features = _read(known, best.reading)
    weights, intercept = logistic(features, known.shares, best.penalty)
    return TextForecaster(best, vectorizer, kinds, weights, intercept, base_rate(known.shares))


def kind_rates(known: Known, families: Sequence[str]) -> Floats:
    """The rate of each situation's kind among what was run; the base rate for a kind that was not."""
    base, kinds = base_rate(known.shares), np.array(kinds_of(known.families))
    rates = {kind: base_rate(known.shares[kinds == kind]) for kind in set(kinds.tolist())}
    return np.array([rates.get(kind, base) for kind in kinds_of(families)])


def _read(known: Known, reading: str) -> tuple[Any, tuple[str, ...], Any]:
    """The n-grams and kinds of what was run, and its features."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True, **READINGS[reading]).fit(known.texts)
    kinds = tuple(sorted(set(kinds_of(known.families))))
    return vectorizer, kinds, _features(vectorizer, known.texts, known.families, kinds)


def _features(vectorizer: Any, texts: Sequence[str], families: Sequence[str], kinds: Sequence[str]) -> Any:
    from scipy.sparse import csr_matrix, hstack

    which = np.array([[kind == other for other in kinds] for kind in kinds_of(families)], dtype=float)
    return hstack([vectorizer.transform(list(texts)), csr_matrix(which)]).tocsr()
