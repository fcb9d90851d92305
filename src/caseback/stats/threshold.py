"""Thresholds at a fixed rate of false positives, and what is caught above them."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import beta

from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.rate import Rate


def conformal_p(score: float, negatives: Sequence[float]) -> float:
    """The conformal p-value of a score, (1 + negatives that score as high) / (1 + negatives): how likely a new negative
    is to score so high, on average over such negatives.

    Args:
        score: Of one case.
        negatives: Ascending.
    """
    n = len(negatives)
    return (1 + n - bisect_left(negatives, score)) / (1 + n)


@dataclass(frozen=True)
class Threshold:
    """Alarm where a score is above ``value``.

    Attributes:
        value: The ``rank``-th largest score of the negatives it was set on.
        target: The rate of false positives asked for.
        expected: That of a new negative, ``rank / (n + 1)``. Above ``target`` where there were too few negatives.
        low: End of an interval for the true rate.
        high: Its other end.
        n: Negatives it was set on.
        clusters: Their clusters.
    """

    value: float
    target: float
    expected: float
    low: float
    high: float
    n: int
    clusters: int
    rank: int
    confidence: float = 0.95

    @property
    def met(self) -> bool:
        """Whether there were negatives enough for the target: ``1 / target - 1`` at least."""
        return self.expected <= self.target


def set_threshold(
    negatives: Sequence[float], clusters: Sequence[str], target: float, confidence: float = 0.95
) -> Threshold:
    """The lowest threshold at which a new negative gives a false alarm at a rate of ``target`` at most.

    A new negative is as likely to fall into any of the n + 1 gaps between n old ones, so it lies above the r-th
    largest with chance r / (n + 1) (split conformal prediction; Vovk, Gammerman and Shafer, Algorithmic Learning in a
    Random World, 2005), and the true rate above it is distributed as Beta(r, n + 1 - r) (Wilks, Annals of Mathematical
    Statistics 12, 1941). The interval holds that and the one that allows for clusters. Where n is too small for the
    target, the largest negative is the threshold, and ``met`` is false.

    Raises:
        ValueError: no negatives, unequal lengths, a score that is not finite, or a target outside (0, 1).
    """
    if not negatives or len(negatives) != len(clusters):
        raise ValueError(f"{len(negatives)} negatives in {len(clusters)} clusters: give at least one, and one of each")
    if not 0 < target < 1:
        raise ValueError(f"target {target} is not between 0 and 1")
    if not all(math.isfinite(score) for score in negatives):
        raise ValueError("a score is not finite")
    n = len(negatives)
    rank = max(1, math.floor(target * (n + 1) + 1e-9))
    value = sorted(negatives, reverse=True)[rank - 1]
    tail = (1 - confidence) / 2
    counts = by_cluster(clusters, [score > value for score in negatives])
    among = clustered_rate(counts, confidence)
    return Threshold(
        value,
        target,
        rank / (n + 1),
        min(float(beta.ppf(tail, rank, n + 1 - rank)), among.low),
        max(float(beta.ppf(1 - tail, rank, n + 1 - rank)), among.high),
        n,
        len(counts),
        rank,
        confidence,
    )


@dataclass(frozen=True)
class Caught:
    """What is above a threshold: of the positives (recall) and of the negatives (false alarms)."""

    threshold: float
    recall: Rate
    false: Rate


def caught_above(
    threshold: float, scores: Sequence[float], labels: Sequence[bool], clusters: Sequence[str], confidence: float = 0.95
) -> Caught:
    """Recall and false alarms of a threshold that was set elsewhere, with intervals that allow for clusters."""
    rows = list(zip(scores, labels, clusters, strict=True))

    def rate(positive: bool) -> Rate:
        part = [(cluster, score > threshold) for score, label, cluster in rows if label == positive]
        if not part:
            return Rate(0, 0, 0.0, 1.0, confidence)
        return clustered_rate(by_cluster(*zip(*part, strict=True)), confidence)

    return Caught(threshold, rate(True), rate(False))


def caught_at(
    target: float, scores: Sequence[float], labels: Sequence[bool], clusters: Sequence[str], confidence: float = 0.95
) -> Caught:
    """Recall where at most a share ``target`` of *these* negatives alarms: how well a score could do.

    The threshold is set on the negatives that it is measured on, so ``false`` says nothing of new ones.
    """
    negatives = sorted((score for score, label in zip(scores, labels, strict=True) if not label), reverse=True)
    allowed = math.floor(target * len(negatives) + 1e-9)
    threshold = negatives[allowed] if allowed < len(negatives) else -math.inf
    return caught_above(threshold, scores, labels, clusters, confidence)
