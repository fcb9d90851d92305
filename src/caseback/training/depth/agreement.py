"""Whether the measures of depth agree about which models are deeper: only then is any of them called deep."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from caseback.stats.kendall import Tau, kendall

ENOUGH = 0.6
"""The least Kendall's tau between every two measures at which they count as agreeing."""
FEWEST = 3
"""Models that every two measures must have in common."""


@dataclass(frozen=True)
class PairOfMeasures:
    """Two measures, over the models that both could tell; ``models`` are those."""

    first: str
    second: str
    tau: Tau
    models: tuple[str, ...]


@dataclass(frozen=True)
class DepthAgreement:
    """``verdict`` is ``agree`` where all taus are at least ``ENOUGH``, ``disagree`` where one is less, ``cannot tell``
    where fewer than two measures have scores, or two of them fewer than ``FEWEST`` models in common, or one has the
    same score everywhere. ``order``, from the deepest, stands only where they agree: by mean rank over the measures.
    """

    verdict: str
    why: str
    order: tuple[str, ...]
    pairs: tuple[PairOfMeasures, ...]


def agreement(scores: Mapping[str, Mapping[str, float | None]]) -> DepthAgreement:
    """Kendall's tau between every two measures.

    Args:
        scores: for each model (or each seed of one) its score by measure, the higher the deeper; None where it cannot
            be told.
    """
    measures = [m for m in dict.fromkeys(m for each in scores.values() for m in each) if _told(scores, m)]
    pairs = [_pair(scores, first, second) for first, second in itertools.combinations(measures, 2)]
    unclear = [pair for pair in pairs if len(pair.models) < FEWEST or pair.tau.value != pair.tau.value]
    apart = [pair for pair in pairs if len(pair.models) >= FEWEST and pair.tau.value < ENOUGH]
    if not pairs:
        return DepthAgreement("cannot tell", "fewer than two measures have scores", (), ())
    if apart:
        listed = "; ".join(f"{pair.first} and {pair.second}: tau {pair.tau.value:.2f}" for pair in apart)
        return DepthAgreement("disagree", listed, (), tuple(pairs))
    if unclear:
        listed = "; ".join(f"{pair.first} and {pair.second}: {_why_unclear(pair)}" for pair in unclear)
        return DepthAgreement("cannot tell", listed, (), tuple(pairs))
    least = min(pair.tau.value for pair in pairs)
    return DepthAgreement(
        "agree", f"all {len(pairs)} taus are at least {least:.2f}", _order(scores, measures), tuple(pairs)
    )


def _told(scores: Mapping[str, Mapping[str, float | None]], measure: str) -> list[str]:
    """The models that have a score by this measure."""
    return [model for model, each in scores.items() if each.get(measure) is not None]


def _pair(scores: Mapping[str, Mapping[str, float | None]], first: str, second: str) -> PairOfMeasures:
    models = [model for model in _told(scores, first) if scores[model].get(second) is not None]
    one, other = ([float(scores[model][name] or 0.0) for model in models] for name in (first, second))
    return PairOfMeasures(first, second, kendall(one, other), tuple(models))


def _why_unclear(pair: PairOfMeasures) -> str:
    if len(pair.models) < FEWEST:
        return f"{len(pair.models)} models in common, and {FEWEST} are needed"
    return "one of them has the same score everywhere"


def _order(scores: Mapping[str, Mapping[str, float | None]], measures: Sequence[str]) -> tuple[str, ...]:
    """From the deepest, by mean share of the other models that a model is deeper than."""
    shares: dict[str, list[float]] = {model: [] for model in scores}
    for measure in measures:
        told = _told(scores, measure)
        values = {model: float(scores[model][measure] or 0.0) for model in told}
        for model in told:
            below = sum(
                (values[model] > v) + 0.5 * (values[model] == v) for other, v in values.items() if other != model
            )
            shares[model].append(below / max(1, len(told) - 1))
    mean = {model: sum(each) / len(each) for model, each in shares.items() if each}
    return tuple(sorted(mean, key=lambda model: (-mean[model], model)))
