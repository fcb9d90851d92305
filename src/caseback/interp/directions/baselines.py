"""What a direction has to be better than: the whole residual stream, the text alone, chance, the model's own answer."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from caseback.chat import user
from caseback.interp.directions.choose import Split
from caseback.interp.directions.examples import Example
from caseback.interp.directions.fit import STRENGTHS, unit_and_scale
from caseback.stats.auroc import auroc
from caseback.subject.open_subject import OpenSubject

Scores = dict[str, list[float]]
"""For each set of examples its scores."""
RANDOMS = 50
"""Random directions drawn."""


def whole_stream(fit: Split, dev: Split, sets: dict[str, Split], seed: int) -> Scores:
    """Logistic regression on all captured sites side by side, the strength of its penalty chosen on ``dev``."""
    x_ND = fit.acts.flatten(1).double().numpy()
    mean_D, scale_D = x_ND.mean(0), np.maximum(x_ND.std(0), 1e-6)
    # The solution lies in the span of the examples; there it has fewer dimensions and is the same.
    _, _, basis_RD = np.linalg.svd((x_ND - mean_D) / scale_D, full_matrices=False)

    def features(split: Split) -> npt.NDArray[np.float64]:
        flat: npt.NDArray[np.float64] = split.acts.flatten(1).double().numpy()
        return ((flat - mean_D) / scale_D) @ basis_RD.T

    return _best_logistic(features(fit), fit.examples, features(dev), dev.examples, sets, features, seed)


def text_alone(fit: Split, dev: Split, sets: dict[str, Split], seed: int) -> Scores:
    """Logistic regression on TF-IDF of words and pairs of words of all the text that is read; no model takes part."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    x_NF = vectorizer.fit_transform([example.text for example in fit.examples])

    def features(split: Split) -> Any:
        return vectorizer.transform([example.text for example in split.examples])

    return _best_logistic(x_NF, fit.examples, features(dev), dev.examples, sets, features, seed)


def _best_logistic(
    x: Any,
    examples: Sequence[Example],
    dev_x: Any,
    dev: Sequence[Example],
    sets: dict[str, Split],
    features: Callable[[Split], Any],
    seed: int,
) -> Scores:
    from sklearn.linear_model import LogisticRegression

    labels, families = [e.label for e in dev], [e.family for e in dev]
    found = []
    for strength in (*STRENGTHS, 10.0, 100.0):
        model = LogisticRegression(C=strength, max_iter=2_000, random_state=seed, class_weight="balanced")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as in fit.logistic
            model.fit(x, [example.label for example in examples])
        found.append((auroc(model.decision_function(dev_x).tolist(), labels, families).value, model))
    best = max(found, key=lambda each: each[0])[1]
    return {
        name: best.decision_function(features(split)).tolist() if split.examples else [] for name, split in sets.items()
    }


def random_directions(fit: Split, place: int, sets: dict[str, Split], seed: int) -> list[Scores]:
    """Scores along random directions at the site at ``place``, each turned so that it points to the positives of
    ``fit``, as a fitted one does."""
    generator = torch.Generator().manual_seed(seed)
    drawn_RD = torch.randn(RANDOMS, fit.acts.shape[-1], generator=generator)
    found = []
    for vector_D in drawn_RD:
        towards = unit_and_scale(vector_D, fit.acts[:, place], fit.labels) is not None
        turned_D = vector_D if towards else -vector_D
        found.append({name: (split.acts[:, place] @ turned_D).tolist() for name, split in sets.items()})
    return found


def own_answer(subject: OpenSubject, examples: Sequence[Example]) -> list[float] | None:
    """What the model says when it is asked: log-probability of yes less that of no. None where there is no question."""
    asked = [example.question for example in examples if example.question is not None]
    if not examples or len(asked) != len(examples):
        return None
    chats = [[user(question.text)] for question in asked]
    yes = subject.score(chats, [question.yes for question in asked])
    no = subject.score(chats, [question.no for question in asked])
    return [a.logprob - b.logprob for a, b in zip(yes, no, strict=True)]
