"""Differences between two arms on the same cases, where the cases come in clusters, such as families of situations."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from caseback.stats.paired import PairedDifference, paired_difference

LISTED = 16
"""Clusters up to which every pattern of signs is listed."""
SAMPLED = 20_000
"""Patterns drawn where there are more clusters than that, the observed one among them."""


def difference_by_cluster(
    labels: Iterable[str], first: Iterable[bool], second: Iterable[bool]
) -> dict[str, tuple[int, int]]:
    """For each cluster, in alphabetical order, the sum of its differences (first less second) and its pairs."""
    sums: dict[str, tuple[int, int]] = {}
    for label, a, b in zip(labels, first, second, strict=True):
        total, pairs = sums.get(label, (0, 0))
        sums[label] = (total + a - b, pairs + 1)
    return dict(sorted(sums.items()))


def clusters_needed(confidence: float = 0.95) -> int:
    """The fewest clusters whose signs can show a difference: with F of them the smallest two-sided p is 2 / 2^F."""
    return 1 + math.ceil(math.log2(1 / (1 - confidence)) - 1e-9)


def sign_flips(clusters: int) -> npt.NDArray[np.int8]:
    """Patterns of +1 and -1, one a row, the observed one (all +1) first: all 2^F, or a sample of fixed seed."""
    if clusters <= LISTED:
        return np.array(list(itertools.product((1, -1), repeat=clusters)), dtype=np.int8)
    drawn = np.random.default_rng(0).choice(np.array([1, -1], dtype=np.int8), (SAMPLED, clusters))
    drawn[0] = 1
    return drawn


def clustered_difference(
    first: Sequence[bool], second: Sequence[bool], labels: Sequence[str], confidence: float = 0.95
) -> PairedDifference:
    """The difference over all pairs, with an interval and a p-value that allow for clusters.

    What a change does to one cluster it may not do to another, so a cluster's differences keep or turn their sign
    together: under no change every pattern of signs is as likely as the one seen. That test (Canay, Romano and Shaikh,
    Econometrica 85, 2017) is exact for any number of clusters whose effects are symmetric about the common one, however
    alike the cases within a cluster. The interval holds every difference that it does not reject. No search is needed
    for it: a pattern stops counting against a value above the estimate where that value passes the larger of two means,
    of the clusters that kept their sign and of those that turned it, so the limits are order statistics of the means
    over subsets of clusters (Hartigan, Journal of the American Statistical Association 64, 1969).

    Never narrower than the exact interval for independent pairs, nor p smaller than McNemar's. With fewer than
    ``clusters_needed`` clusters no value can be rejected: the interval is [-1, 1].

    Args:
        first: Whether the event happened in the first arm, one per pair.
        second: The same for the second arm, in the same order.
        labels: The cluster of each pair.
        confidence: Coverage to hold, between 0 and 1.

    Raises:
        ValueError: where the three differ in length.
    """
    exact = paired_difference(first, second, confidence)
    sums = np.array(list(difference_by_cluster(labels, first, second).values()), dtype=float).reshape(-1, 2)
    flips = sign_flips(len(sums))
    kept = (flips > 0).astype(float) @ sums
    turned = sums.sum(axis=0) - kept
    means = np.stack([_mean(kept), _mean(turned)])
    allowed = math.floor((1 - confidence) * len(flips) + 1e-9)
    highs = np.sort(means.max(axis=0))[::-1]
    lows = np.sort(np.where(np.isinf(means), -np.inf, means).min(axis=0))
    at_least = np.abs(kept[:, 0] - turned[:, 0]) >= abs(sums[:, 0].sum()) - 1e-9
    return replace(
        exact,
        low=max(-1.0, min(exact.low, float(lows[allowed]))),
        high=min(1.0, max(exact.high, float(highs[allowed]))),
        p=max(exact.p, float(at_least.mean())),
    )


def joint_p(changes: Mapping[str, Mapping[str, tuple[int, int]]]) -> dict[str, float]:
    """For each of several differences the p-value that allows for having looked at all of them.

    Step-down maximum statistic (Westfall and Young, Resampling-Based Multiple Testing, 1993; Romano and Wolf, Journal
    of the American Statistical Association 100, 2005): the largest difference is held against the largest that
    flipped signs make of any, the second against the largest of the others, and so on. Where p is at most 0.05, the
    chance that even one of those called changed did not change is at most 0.05, whichever did.

    Two choices give it power with few clusters. Dividing the error by the number of differences (Bonferroni, Holm)
    could never show anything: seven clusters give no p below 2/128. Here one pattern flips *all* differences, the first
    cluster of each in alphabetical order together, then the second, which is valid because any subgroup of the
    flips that leave the null distribution as it is makes an exact test (Hemerik and Goeman, TEST 27, 2018), and which
    lines up clusters of the same subject, such as ``harm.arson`` and ``watched.arson``. And differences are compared as
    they are, in units of the rate: one that barely moves cannot hide another that moved far.

    Args:
        changes: For each difference its clusters, as ``difference_by_cluster`` gives them.
    """
    tables = {name: np.array(list(sums.values()), dtype=float).reshape(-1, 2) for name, sums in changes.items()}
    flips = sign_flips(max((len(table) for table in tables.values()), default=0)).astype(float)
    sizes = {
        name: np.abs(flips[:, : len(table)] @ table[:, 0]) / max(1.0, table[:, 1].sum())
        for name, table in tables.items()
    }
    found: dict[str, float] = {}
    order = sorted(sizes, key=lambda name: -sizes[name][0])
    for place, name in enumerate(order):
        largest = np.max([sizes[other] for other in order[place:]], axis=0)
        reached = float((largest >= sizes[name][0] - 1e-9).mean())
        found[name] = max([reached, *found.values()])
    return {name: found[name] for name in changes}


def _mean(sums_and_pairs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Mean difference of each subset of clusters; infinite for the empty one, which no value can pass."""
    total, pairs = sums_and_pairs.T
    return np.where(pairs > 0, total / np.maximum(pairs, 1), np.inf)


def above_zero(differences: Sequence[float], clusters: Sequence[str]) -> float:
    """One-sided p that differences are no more often above zero than below: the share of patterns in which all those of
    a cluster keep or turn their sign together whose sum is as large as the one seen.

    Exact where the sign of a cluster could as well be the other (Canay, Romano and Shaikh, Econometrica 85, 2017), all
    patterns listed up to 16 clusters and drawn beyond. With F clusters it cannot be below 1 in 2^F.
    """
    names = sorted(set(clusters))
    sums = np.zeros(len(names))
    for value, cluster in zip(differences, clusters, strict=True):
        sums[names.index(cluster)] += value
    totals = sign_flips(len(names)).astype(float) @ sums
    return float((totals >= totals[0] - 1e-9 * max(1.0, float(np.abs(sums).sum()))).mean())
