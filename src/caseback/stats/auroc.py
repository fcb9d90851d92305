"""How well a score tells two classes apart, with an interval that allows for clusters."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import beta, rankdata, t

from caseback.stats.clustered import ASSUMED_CORRELATION

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Auroc:
    """The chance that a positive scores above a negative, ties counting half; ``clusters`` of the scarcer class."""

    value: float
    low: float
    high: float
    positives: int
    negatives: int
    clusters: int
    confidence: float = 0.95

    def __str__(self) -> str:
        """Such as ``0.97 [0.91, 0.99]``."""
        return "cannot tell" if math.isnan(self.value) else f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


def auroc(scores: Sequence[float], labels: Sequence[bool], clusters: Sequence[str], confidence: float = 0.95) -> Auroc:
    """The area under the ROC curve (Mann and Whitney's U over all pairs), and where it may lie for new clusters.

    Its variance is Obuchowski's for clustered data (Biometrics 53, 1997): sums, over clusters, of how far each case's
    share of the other class below or above it is from the whole. The area has no more variance than the share of
    wins among as many *disjoint* pairs as the scarcer class has cases (Hoeffding, Journal of the American Statistical
    Association 58, 1963, section 5b), so it is treated as a rate in that many trials, over the design effect and with
    the few-clusters factor of ``effective_n``, and gets Clopper and Pearson's interval. That is never narrower than for
    independent pairs, and has a width where the classes are apart altogether, when the data say nothing of the
    variance and a correlation of ``ASSUMED_CORRELATION`` within clusters stands in. With one cluster in either class
    it is [0, 1]; without a class it is NaN.

    Raises:
        ValueError: where the three differ in length, or a score is not a number.
    """
    if not len(scores) == len(labels) == len(clusters):
        raise ValueError(f"{len(scores)} scores, {len(labels)} labels, {len(clusters)} clusters: give one of each")
    values, truth = np.asarray(scores, dtype=float), np.asarray(labels, dtype=bool)
    if np.isnan(values).any():
        raise ValueError(f"score {int(np.isnan(values).argmax())} is not a number")
    m, n = int(truth.sum()), int((~truth).sum())
    if not m or not n:
        return Auroc(math.nan, 0.0, 1.0, m, n, 0, confidence)
    above, below = placements(values, truth)
    area = float(above.mean())
    groups, member = np.unique(np.asarray(clusters), return_inverse=True)
    count = len(groups)
    wins = np.bincount(member[truth], above - area, count).astype(np.float64)
    losses = np.bincount(member[~truth], below - area, count).astype(np.float64)
    of_m, of_n = np.bincount(member[truth], minlength=count), np.bincount(member[~truth], minlength=count)
    fewest = min(int((of_m > 0).sum()), int((of_n > 0).sum()))
    trials = _trials(area, wins, losses, of_m, of_n, confidence)
    if not trials:
        return Auroc(area, 0.0, 1.0, m, n, fewest, confidence)
    tail, events = (1 - confidence) / 2, trials * area
    low = float(beta.ppf(tail, events, trials - events + 1)) if area > 0 else 0.0
    high = float(beta.ppf(1 - tail, events + 1, trials - events)) if area < 1 else 1.0
    return Auroc(area, low, high, m, n, fewest, confidence)


def placements(values: Floats, truth: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """For each positive the share of negatives below it, for each negative the share of positives above it."""
    m, n = truth.sum(), (~truth).sum()
    ranks = rankdata(values)
    above = (ranks[truth] - rankdata(values[truth])) / n
    below = 1 - (ranks[~truth] - rankdata(values[~truth])) / m
    return above, below


def _trials(
    area: float,
    wins: Floats,
    losses: Floats,
    of_m: npt.NDArray[np.int_],
    of_n: npt.NDArray[np.int_],
    confidence: float,
) -> float:
    """How many independent pairs carry as much; 0 where one cluster says nothing of others."""
    m, n = int(of_m.sum()), int(of_n.sum())
    a, b, both = int((of_m > 0).sum()), int((of_n > 0).sum()), len(of_m)
    if min(a, b) < 2:
        return 0.0
    pairs = min(m, n)
    variance = (
        a / (a - 1) * float((wins**2).sum()) / m**2
        + b / (b - 1) * float((losses**2).sum()) / n**2
        + 2 * both / (both - 1) * float((wins * losses).sum()) / (m * n)
    )
    independent = area * (1 - area) / pairs
    if independent > 0 and variance > 0:
        found = pairs / max(1.0, variance / independent)
    else:
        found = min(_assumed(of_m), _assumed(of_n))
    clusters = min(a, b)
    tail = 1 - (1 - confidence) / 2
    few = float(t.ppf(tail, pairs - 1) / t.ppf(tail, clusters - 1)) ** 2 if pairs > clusters else 1.0
    return min(float(pairs), found * few)


def _assumed(sizes: npt.NDArray[np.int_]) -> float:
    """Cases of one class over the design effect that the assumed correlation makes."""
    total = int(sizes.sum())
    return float(total / (1 + (float((sizes**2).sum()) / total - 1) * ASSUMED_CORRELATION))
