"""How well a latent tells what its label says, on conversations that the label was not chosen on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from caseback.interp.labels.units import Bools, Floats, Ints, Units
from caseback.stats.auroc import Auroc, auroc
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.rate import Rate

TRIED = 20
"""Latents per variable for which every level is tried: those of the highest F1 at level 0."""


@dataclass(frozen=True)
class Share:
    """A score between 0 and 1 with its interval; NaN, [0, 1], where nothing can be told."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Detection:
    """A latent above its level, as the teller of something.

    Attributes:
        f1: Harmonic mean of precision and recall.
        balanced: Balanced accuracy, the mean of recall and specificity; 0.5 is chance.
        recall: Share of what holds where the latent is on.
        specificity: Share of the rest where it is off.
        auroc: Of its activation.
    """

    f1: Share
    balanced: Share
    recall: Rate
    specificity: Rate
    auroc: Auroc


def detection(values_N: Floats, level: float, truth_N: Bools, conversation_N: Ints) -> Detection:
    """Scores of a latent that counts as on above ``level``, with 95 % intervals clustered by conversation.

    F1 is 2J / (1 + J), where J is the share of those where both agree among all that are on or true: a rate, whose
    exact interval carries over. The interval of balanced accuracy is the mean of those of its two rates at 97.5 %
    (Bonferroni).
    """
    on_N, clusters_N = values_N > level, conversation_N.astype(str)
    either_N = on_N | truth_N
    jaccard = _rate((on_N & truth_N)[either_N], clusters_N[either_N], 0.95)

    def right(among_N: Bools, confidence: float) -> Rate:
        return _rate((on_N == truth_N)[among_N], clusters_N[among_N], confidence)

    wide = [right(among, 0.975) for among in (truth_N, ~truth_N)]
    balanced = Share(*(sum(getattr(rate, end) for rate in wide) / 2 for end in ("value", "low", "high")))
    f1 = Share(*(2 * j / (1 + j) for j in (jaccard.value, jaccard.low, jaccard.high)))
    area = auroc(values_N.tolist(), truth_N.tolist(), clusters_N.tolist())
    return Detection(f1, balanced, right(truth_N, 0.95), right(~truth_N, 0.95), area)


def best_level(values_N: Floats, truth_N: Bools) -> tuple[float, float]:
    """The level above which a latent's F1 is highest, and that F1; (0, 0) where it never is on, or nothing holds.

    Levels lie half-way between activations that occur; 0 is the lowest.
    """
    on = values_N > 0
    values, truth = values_N[on], truth_N[on]
    if not len(values) or not truth.any():
        return 0.0, 0.0
    order = np.argsort(-values, kind="stable")
    values, hits = values[order], np.cumsum(truth[order])
    last = np.append(values[1:] < values[:-1], True)
    count = np.arange(1, len(values) + 1)
    f1 = np.where(last, 2 * hits / (count + truth_N.sum()), -1.0)
    best = int(f1.argmax())
    below = float(values[best + 1]) if best + 1 < len(values) else 0.0
    return (float(values[best]) + below) / 2 if below else 0.0, float(f1[best])


def f1_table(units: Units, names: Sequence[str]) -> Floats:
    """F1 [latents, variables] of every latent, on wherever it is active, for every variable."""
    on = (units.values > 0).astype(np.float64)
    truth = np.stack([units.truth[name] for name in names], 1).astype(np.float64)
    both = on.T @ truth
    total = np.asarray(on.sum(axis=0)).reshape(-1, 1) + truth.sum(axis=0)
    table: Floats = 2 * both / np.maximum(total, 1)
    return table


def best_latent(units: Units, name: str, table_F: Floats) -> tuple[int, float, float]:
    """The latent that tells a variable best, its level and F1, among the ``TRIED`` best at level 0 (``table_F``)."""
    found = []
    for latent in np.argsort(-table_F, kind="stable")[:TRIED].tolist():
        level, f1 = best_level(units.of(latent), units.truth[name])
        found.append((latent, level, f1))
    return max(found, key=lambda each: each[2])


def _rate(events: Bools, clusters: np.typing.NDArray[np.str_], confidence: float) -> Rate:
    if not len(events):
        return Rate(0, 0, 0.0, 1.0, confidence)
    return clustered_rate(by_cluster(clusters.tolist(), events.tolist()), confidence)
