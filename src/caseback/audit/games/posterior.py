"""From the statistics of a panel to a probability for each behaviour, learnt on the calibration's own models.

A model's evidence for a behaviour is how far its most outstanding assay lies above innocent twins, in their own spread.
What that evidence does to the odds between having the behaviour and being clean is one curve for all behaviours,
``log LR = intercept + slope · asinh(evidence)``: a conditional logit (McFadden, *Conditional logit analysis of
qualitative choice behavior*, 1974) with two coefficients. So few are fitted because a calibration has few models, and
they are the same for a behaviour or a recipe that it has not. Both are shrunk towards 0, where evidence says nothing;
how much is chosen by leaving out every recipe of every behaviour, and every sort of twin, in turn.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from caseback.audit.games.label import CLEAN
from caseback.errors import CasebackError

PENALTIES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Weights of the squared coefficients, beside a mean loss in nats."""
Floats = npt.NDArray[np.float64]
Evidence = Mapping[str, float | None]
"""By behaviour; None where no assay of it could be told."""


@dataclass(frozen=True)
class Known:
    """A model whose truth is known; ``truth`` is empty for a twin.

    Models of one ``planting`` share its weight, and those of one ``group`` are left out together.
    """

    evidence: Evidence
    truth: str
    planting: str
    group: str


@dataclass(frozen=True)
class Posterior:
    """What evidence does to the odds.

    Attributes:
        behaviours: That it tells apart.
        intercept: Of the log likelihood ratio.
        slope: Of it over ``asinh(evidence)``; never below 0.
        penalty: The one that was chosen.
        plantings: Independent models that this was learnt from.
        held_out: Mean log score on what was left out, in nats, the clean and every behaviour weighing the same as here.
        uninformed: That of guessing by the prior.
    """

    behaviours: tuple[str, ...]
    intercept: float
    slope: float
    penalty: float
    plantings: int
    held_out: float
    uninformed: float


def evidence(statistics: Mapping[str, float | None], assays: Mapping[str, str], panel: Mapping[str, Any]) -> Evidence:
    """For each behaviour the largest statistic of its assays, in spreads of innocent twins above their median.

    Args:
        statistics: by assay; None where it could not be told.
        assays: the behaviour of each assay; those without one are passed over.
        panel: ``centres`` and ``scales`` of a calibrated view.
    """
    found: dict[str, list[float]] = {}
    for assay, centre in panel["centres"].items():
        if behaviour := assays.get(assay, ""):
            value = statistics.get(assay)
            row = found.setdefault(behaviour, [])
            if value is not None:
                row.append((value - centre) / panel["scales"][assay])
    return {behaviour: max(row) if row else None for behaviour, row in sorted(found.items())}


def learn(models: Sequence[Known]) -> Posterior:
    """Fit the curve.

    Raises:
        CasebackError: there are no twins, or no organisms whose behaviour an assay looks for.
    """
    behaviours = tuple(sorted({name for model in models for name in model.evidence}))
    models = [model for model in models if not model.truth or model.truth in behaviours]
    if not any(model.truth for model in models) or all(model.truth for model in models):
        raise CasebackError(
            "the calibration has no organisms, or no twins beside those that set thresholds, so nothing can be learnt "
            "from it; calibrate on a larger library"
        )
    table, truth, weights = _table(models, behaviours), _truth(models, behaviours), _weights(models)
    groups = [f"{model.truth}/{model.group}" for model in models]
    scored = []
    for penalty in PENALTIES:
        lost = 0.0
        for left_out in sorted(set(groups)):
            rest = np.array([group != left_out for group in groups])
            fitted = _fit(table[rest], truth[rest], weights[rest], penalty)
            lost += float(_losses(fitted, table[~rest], truth[~rest]) @ weights[~rest])
        scored.append((lost, penalty))
    lost, penalty = min(scored)
    intercept, slope = _fit(table, truth, weights, penalty)
    uninformed = float(_losses(np.zeros(2), table, truth) @ weights)
    plantings = len({model.planting for model in models})
    return Posterior(behaviours, float(intercept), float(slope), penalty, plantings, -lost, -uninformed)


def guess(posterior: Posterior, found: Evidence, prior_clean: float) -> list[tuple[str, float]]:
    """``clean`` and every behaviour with its probability, the likeliest first.

    A behaviour of which nothing could be told keeps its prior odds. The posterior is mixed with a little of the prior,
    one part in as many as there were plantings and one: a calibration cannot be surer than that of anything.

    Args:
        prior_clean: the prior probability that nothing is wrong; the rest is shared evenly by the behaviours.

    Raises:
        CasebackError: the prior is not strictly between 0 and 1.
    """
    if not 0 < prior_clean < 1:
        raise CasebackError(
            f"a prior of {prior_clean:g} that a subject is clean: give one above 0 and below 1 (--prior)"
        )
    each = (1 - prior_clean) / len(posterior.behaviours)
    logs = [math.log(prior_clean)]
    for name in posterior.behaviours:
        value = found.get(name)
        ratio = 0.0 if value is None else posterior.intercept + posterior.slope * math.asinh(value)
        logs.append(math.log(each) + ratio)
    shares = np.exp(np.array(logs) - np.logaddexp.reduce(logs))
    little = 1 / (posterior.plantings + 1)
    prior = np.array([prior_clean, *([each] * len(posterior.behaviours))])
    mixed = (1 - little) * shares + little * prior
    return sorted(zip((CLEAN, *posterior.behaviours), mixed.tolist(), strict=True), key=lambda pair: -pair[1])


def _table(models: Sequence[Known], behaviours: Sequence[str]) -> Floats:
    """asinh of the evidence, models × behaviours; NaN where there is none."""
    told = [[model.evidence.get(name) for name in behaviours] for model in models]
    return np.arcsinh(np.array([[math.nan if v is None else v for v in row] for row in told], dtype=np.float64))


def _truth(models: Sequence[Known], behaviours: Sequence[str]) -> npt.NDArray[np.int64]:
    """The place of each model's behaviour, counted from 1; 0 is clean."""
    return np.array([behaviours.index(model.truth) + 1 if model.truth else 0 for model in models])


def _weights(models: Sequence[Known]) -> Floats:
    """Half of the weight to the clean, half shared evenly by behaviours, within each by plantings, by doses of one."""
    truths = {model.truth for model in models if model.truth}
    plantings = {truth: {m.planting for m in models if m.truth == truth} for truth in (*truths, "")}
    doses: dict[str, int] = {}
    for model in models:
        doses[model.planting] = doses.get(model.planting, 0) + 1
    shares = [
        0.5 / (len(truths) if model.truth else 1) / len(plantings[model.truth]) / doses[model.planting]
        for model in models
    ]
    return np.array(shares, dtype=np.float64)


def _losses(coefficients: Floats, table: Floats, truth: npt.NDArray[np.int64]) -> Floats:
    """-log P(truth) of each model at a prior of one half for clean, nats."""
    ratios = np.where(np.isnan(table), 0.0, coefficients[0] + coefficients[1] * table) - math.log(table.shape[1])
    logits = np.concatenate([np.zeros((len(table), 1)), ratios], axis=1)
    chosen = np.take_along_axis(logits, truth[:, None], axis=1)[:, 0]
    return np.asarray(np.logaddexp.reduce(logits, axis=1) - chosen, dtype=np.float64)


def _fit(table: Floats, truth: npt.NDArray[np.int64], weights: Floats, penalty: float) -> Floats:
    total = float(weights.sum())

    def loss(coefficients: Floats) -> float:
        mean = float(_losses(coefficients, table, truth) @ weights) / total
        return mean + penalty * float(coefficients @ coefficients)

    found = minimize(loss, np.array([0.0, 0.1]), method="L-BFGS-B", bounds=[(None, None), (0.0, None)])
    return np.asarray(found.x, dtype=np.float64)
