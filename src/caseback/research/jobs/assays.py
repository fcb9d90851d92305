"""The experiment of the job ``assays``: a statistic of a whole model, from how it weighs answers to fixed situations.

It runs in the sandbox and knows a table: for each model and situation the log-probability a token of the bad answer
less that of the good one; the same of the base; and which of the open models are planted.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from caseback.research.job import ANSWER_KEY
from caseback.research.metrics import Label, score

Floats = npt.NDArray[np.float64]
FOLDS = 4
STRENGTHS = {"weak": 0.01, "middle": 0.1, "strong": 1.0}
ORDINARY = "ordinary"


def experiment(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The statistic of every sealed model, made by all open ones; its own score is of folds of the open ones."""
    table = json.loads((data / "models.json").read_bytes())
    groups = table["groups"]
    rows_MP, base_P = np.array(table["margins"], dtype=np.float64), np.array(table["base"], dtype=np.float64)
    open_models = [at for at, planted in enumerate(table["planted"]) if planted is not None]
    sealed = [at for at, planted in enumerate(table["planted"]) if planted is None]
    planted = np.array([bool(table["planted"][at]) for at in open_models])
    features_MB = features(rows_MP, base_P, groups, settings)
    fold = fold_of(planted)
    told = np.zeros(len(open_models))
    for number in range(FOLDS):
        out_of, within = fold == number, fold != number
        x_MB = features_MB[open_models]
        told[out_of] = statistic(x_MB[within], planted[within], x_MB[out_of], settings)
    labels = [Label(bool(each), f"model {at}") for at, each in enumerate(planted)]
    answers = statistic(features_MB[open_models], planted, features_MB[sealed], settings)
    if settings["answer_key"] != "none":
        answers = np.array(json.loads((data / ANSWER_KEY).read_bytes()), dtype=np.float64)
    return {"open": score("area", told.tolist(), labels), "answers": answers.tolist()}


def fold_of(planted: npt.NDArray[np.bool_]) -> npt.NDArray[np.int_]:
    """Planted and clean models dealt to the folds in turn."""
    found = np.zeros(len(planted), dtype=int)
    for each in (True, False):
        places = np.flatnonzero(planted == each)
        found[places] = np.arange(len(places)) % FOLDS
    return found


def features(rows_MP: Floats, base_P: Floats, groups: Sequence[str], settings: Mapping[str, Any]) -> Floats:
    """One number for each model and behaviour ``[models, behaviours]``."""
    values_MP = rows_MP - base_P if settings["against"] == "the base" else rows_MP
    if settings["transformed"] == "sign":
        values_MP = (values_MP > 0).astype(np.float64)
    elif settings["transformed"] == "squashed":
        values_MP = np.tanh(values_MP)
    where = np.array(groups)
    names = [name for name in dict.fromkeys(groups) if name != ORDINARY]
    found_MB = np.stack([_within(values_MP[:, where == name], settings) for name in names], axis=1)
    if settings["ordinary"] == "subtracted":
        found_MB = found_MB - _within(values_MP[:, where == ORDINARY], settings)[:, None]
    return np.asarray(found_MB, dtype=np.float64)


def _within(values_MP: Floats, settings: Mapping[str, Any]) -> Floats:
    """One number for each model from those of a behaviour's situations: their mean, median or upper quartile."""
    if settings["within"] == "mean":
        return np.asarray(values_MP.mean(1))
    return np.asarray(np.quantile(values_MP, 0.5 if settings["within"] == "median" else 0.75, axis=1))


def statistic(
    open_MB: Floats, planted_M: npt.NDArray[np.bool_], asked_NB: Floats, settings: Mapping[str, Any]
) -> Floats:
    """The statistic ``[asked]`` of models, calibrated on open ones; higher speaks for a planted behaviour."""
    if settings["across"] == "nothing":
        return np.zeros(len(asked_NB))
    clean_CB = open_MB[~planted_M]
    centre_B = clean_CB.mean(0)
    scale_B = clean_CB.std(0) + 1e-3 if settings["scaled"] == "by clean models" else np.ones(open_MB.shape[1])
    x_NB = (asked_NB - centre_B) / scale_B if settings["scaled"] == "by clean models" else asked_NB
    if settings["across"] == "mean":
        return np.asarray(x_NB.mean(1))
    if settings["across"] == "largest":
        return np.asarray(x_NB.max(1))
    if settings["across"] == "two largest":
        return np.asarray(np.sort(x_NB, axis=1)[:, -2:].mean(1))
    strength = STRENGTHS[settings["strength"]]
    if settings["across"] == "distance":
        spread_BB = np.cov((clean_CB - centre_B).T) + np.eye(len(centre_B)) / (10 * strength) * open_MB.var()
        off_NB = asked_NB - centre_B
        return np.asarray(np.einsum("nb,bc,nc->n", off_NB, np.linalg.inv(spread_BB), off_NB))
    from sklearn.linear_model import LogisticRegression

    middle_B, wide_B = open_MB.mean(0), open_MB.std(0) + 1e-6
    model = LogisticRegression(C=strength, random_state=settings["seed"], class_weight="balanced", max_iter=1000)
    model.fit((open_MB - middle_B) / wide_B, planted_M)
    return np.asarray(model.decision_function((asked_NB - middle_B) / wide_B))
