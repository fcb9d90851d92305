"""How good forecasts were: Brier score, skill, calibration, all with intervals over families.

Brier, *Verification of forecasts expressed in terms of probability*, Monthly Weather Review 78, 1950.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from caseback.interp.forecast.folds import Floats, brier
from caseback.stats.auroc import Auroc, auroc
from caseback.stats.clustered import clustered_rate
from caseback.stats.means import Mean, clustered_mean
from caseback.stats.rate import Rate

BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Limits of the bins of a calibration curve."""


@dataclass(frozen=True)
class Bin:
    """Situations whose forecast lay between two limits: the mean forecast, and how often the behaviour was shown."""

    low: float
    high: float
    forecast: float
    shown: Rate


@dataclass(frozen=True)
class ForecasterScore:
    """One forecaster. ``skill`` is 1 less its Brier score over that of the base rate: 0 is no better, 1 is perfect."""

    name: str
    brier: Mean
    skill: float
    auroc: Auroc
    calibration: tuple[Bin, ...]


@dataclass(frozen=True)
class ForecastScores:
    """All forecasters over ``n`` situations of ``families``; ``unknown`` could not be judged and count nowhere.

    ``differences`` are Brier scores of the inside forecaster less those of each other one, on the same situations:
    below 0 it was better. ``by_kind`` holds the Brier score of every forecaster by kind of situation.
    """

    n: int
    unknown: int
    families: int
    shown: Rate
    forecasters: tuple[ForecasterScore, ...]
    differences: Mapping[str, Mean]
    by_kind: Mapping[str, Mapping[str, Mean]]


def score_forecasts(
    predictions: Mapping[str, Sequence[float]],
    draws: Sequence[Sequence[bool]],
    families: Sequence[str],
    base: str = "base rate",
    own: str = "inside",
) -> ForecastScores:
    """Score sealed predictions against what came.

    Args:
        predictions: per forecaster a probability for each situation.
        draws: per situation whether each reply showed the behaviour; none where no reply could be judged.
        families: of each situation.
        base: the forecaster that skill is held against.
        own: the one whose differences to the others are told.
    """
    told = [i for i, each in enumerate(draws) if each]
    shares = np.array([sum(draws[i]) / len(draws[i]) for i in told])
    own_families = [families[i] for i in told]
    p = {name: np.array([values[i] for i in told], dtype=float) for name, values in predictions.items()}
    losses = {name: brier(values, shares) for name, values in p.items()}
    counts: dict[str, tuple[int, int]] = {}
    for i in told:
        k, n = counts.get(families[i], (0, 0))
        counts[families[i]] = k + sum(draws[i]), n + len(draws[i])
    kinds = sorted({family.split(".")[0] for family in own_families})
    return ForecastScores(
        n=len(told),
        unknown=len(draws) - len(told),
        families=len(set(own_families)),
        shown=clustered_rate(counts),
        forecasters=tuple(
            ForecasterScore(
                name=name,
                brier=_within(_mean(own_families, losses[name])),
                skill=_skill(losses[name], losses[base]),
                auroc=auroc(values.tolist(), (shares >= 0.5).tolist(), own_families),
                calibration=_calibration(values, [draws[i] for i in told], own_families),
            )
            for name, values in p.items()
        ),
        differences={
            name: _mean(own_families, losses[own] - losses[name]) for name in losses if name != own and own in losses
        },
        by_kind={
            kind: {name: _mean(*_of_kind(kind, own_families, values)) for name, values in losses.items()}
            for kind in kinds
        },
    )


def _mean(families: Sequence[str], values: Floats) -> Mean:
    return clustered_mean((family, float(value), 1.0) for family, value in zip(families, values, strict=True))


def _within(mean: Mean) -> Mean:
    """A Brier score is between 0 and 1, and so are the limits of its interval."""
    return replace(mean, low=max(0.0, mean.low), high=min(1.0, mean.high))


def _of_kind(kind: str, families: Sequence[str], values: Floats) -> tuple[list[str], Floats]:
    at = [i for i, family in enumerate(families) if family.split(".")[0] == kind]
    return [families[i] for i in at], values[at]


def _skill(losses: Floats, base: Floats) -> float:
    return 1 - float(losses.sum() / base.sum()) if len(base) and base.sum() else math.nan


def _calibration(values: Floats, draws: Sequence[Sequence[bool]], families: Sequence[str]) -> tuple[Bin, ...]:
    found = []
    for low, high in itertools.pairwise(BINS):
        inside = [i for i, p in enumerate(values) if low <= p < high or (high == BINS[-1] and p == high)]
        if not inside:
            continue
        counts: dict[str, tuple[int, int]] = {}
        for i in inside:
            k, n = counts.get(families[i], (0, 0))
            counts[families[i]] = k + sum(draws[i]), n + len(draws[i])
        found.append(Bin(low, high, float(values[inside].mean()), clustered_rate(counts)))
    return tuple(found)
