"""Differences between two arms over cases that come in two crossed groupings, such as families and training seeds."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from caseback.stats.clustered_paired import clustered_difference
from caseback.stats.paired import PairedDifference

RESAMPLES = 10_000


def crossed_difference(
    first: Sequence[bool],
    second: Sequence[bool],
    families: Sequence[str],
    seeds: Sequence[int],
    confidence: float = 0.95,
) -> PairedDifference:
    """The difference over all pairs, with an interval that speaks of new families and of new seeds.

    Models trained from different seeds are measured in the same families, so neither grouping lies within the other.
    The pigeonhole bootstrap draws families and seeds anew, each on its own, and weighs every case by both; its variance
    is never too small by more than a vanishing share (Owen, Annals of Applied Statistics 1, 2007). With a handful of
    seeds it is coarse, and where nothing differs it would give no width at all, so the interval is the smallest that
    holds both it and the exact one over families (``clustered_difference``), whose p-value is kept.

    Args:
        first: Whether the event happened in the first arm, one per pair.
        second: The same for the second arm, in the same order.
        families: The family of each pair.
        seeds: The training seed of each pair.
        confidence: Coverage to hold, between 0 and 1.

    Raises:
        ValueError: where the four differ in length.
    """
    exact = clustered_difference(first, second, families, confidence)
    if not exact.n:
        return exact
    rows, family = np.unique(np.asarray(families), return_inverse=True)
    columns, seed = np.unique(np.asarray(seeds), return_inverse=True)
    sums, pairs = np.zeros((len(rows), len(columns))), np.zeros((len(rows), len(columns)))
    np.add.at(sums, (family, seed), np.asarray(first, dtype=float) - np.asarray(second, dtype=float))
    np.add.at(pairs, (family, seed), 1.0)
    rng = np.random.default_rng(0)
    by_row = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), RESAMPLES)
    by_column = rng.multinomial(len(columns), np.full(len(columns), 1 / len(columns)), RESAMPLES)
    counted = np.einsum("br,rc,bc->b", by_row, pairs, by_column)
    drawn = counted > 0  # a resample may hold no case at all where a family lacks some seeds
    means = np.einsum("br,rc,bc->b", by_row, sums, by_column)[drawn] / counted[drawn]
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return replace(exact, low=min(exact.low, float(low)), high=max(exact.high, float(high)))
