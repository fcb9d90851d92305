"""Area under the ROC curve of scores, with an interval for cases that come in families."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import beta, rankdata, t

from caseback.stats.clustered import effective_n
from caseback.stats.means import Mean


@dataclass(frozen=True)
class Auroc:
    """The chance that a positive case scores above a negative one, ties counting half; NaN without both kinds."""

    value: float
    low: float
    high: float
    positives: int
    negatives: int
    families: int


def auroc(
    scores: Sequence[float], positive: Sequence[bool], families: Sequence[str], confidence: float = 0.95
) -> Auroc:
    """The area and an interval that allows for families.

    The variance is Obuchowski's for clustered data (Biometrics 53, 1997): sums over families of the structural
    components of DeLong. As for rates (``clustered_rate``), the interval is Clopper and Pearson's with the number of
    trials that this variance amounts to, lowered for few families; where every pair is ordered alike and the variance
    is 0, with that of the rarer kind under an assumed correlation. So it never has width 0, but it is approximate.

    Args:
        scores: one per case; higher speaks for positive.
        positive: the truth.
        families: the cluster of each case.
        confidence: between 0 and 1.

    Raises:
        ValueError: lengths differ, or a score is not finite.
    """
    x, y, f = np.asarray(scores, dtype=float), np.asarray(positive, dtype=bool), np.asarray(families)
    if not len(x) == len(y) == len(f):
        raise ValueError(f"{len(x)} scores, {len(y)} labels and {len(f)} families: one of each per case")
    if not np.isfinite(x).all():
        raise ValueError("a score is not finite")
    m, n = int(y.sum()), int((~y).sum())
    names = sorted(set(f.tolist()))
    if not m or not n:
        return Auroc(math.nan, 0.0, 1.0, m, n, len(names))
    components = _components(x, y)
    value = float(components[y].mean())
    trials = _trials(components, value, y, f, names, confidence)
    if trials <= 0:
        return Auroc(value, 0.0, 1.0, m, n, len(names))
    events, tail = value * trials, (1 - confidence) / 2
    low = float(beta.ppf(tail, events, trials - events + 1)) if value > 0 else 0.0
    high = float(beta.ppf(1 - tail, events + 1, trials - events)) if value < 1 else 1.0
    return Auroc(value, low, high, m, n, len(names))


def area_gain(
    first: Sequence[float],
    second: Sequence[float],
    positive: Sequence[bool],
    families: Sequence[str],
    confidence: float = 0.95,
) -> Mean:
    """How much larger the area of the first scores is than that of the second, on the same cases.

    The interval is the jackknife's over families (Efron and Stein, Annals of Statistics 9, 1981), with Student's
    quantile: an approximation. Where leaving out a family never changes anything, nothing is known of others, and it is
    [-1, 1].

    Args:
        first: scores, one per case.
        second: other scores of the same cases.
        positive: the truth.
        families: the cluster of each case.
        confidence: between 0 and 1.
    """
    y, f = np.asarray(positive, dtype=bool), np.asarray(families)
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)

    def gain(kept: npt.NDArray[np.bool_]) -> float:
        if not y[kept].any() or y[kept].all():
            return math.nan
        return float(
            _components(one[kept], y[kept])[y[kept]].mean() - _components(other[kept], y[kept])[y[kept]].mean()
        )

    whole = gain(np.ones(len(y), dtype=bool))
    names = sorted(set(f.tolist()))
    left_out = np.array([gain(f != name) for name in names])
    left_out = left_out[np.isfinite(left_out)]
    count = len(left_out)
    squares = float(((left_out - left_out.mean()) ** 2).sum()) if count > 1 else 0.0
    if not squares:
        return Mean(whole, len(y), count, -1.0, 1.0, confidence)
    half = float(t.ppf((1 + confidence) / 2, count - 1)) * math.sqrt((count - 1) / count * squares)
    return Mean(whole, len(y), count, max(-1.0, whole - half), min(1.0, whole + half), confidence)


def _components(x: npt.NDArray[np.float64], y: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Of each positive the share of negatives below it, of each negative the share of positives above it."""
    found = np.zeros(len(x))
    whole = rankdata(x)
    m, n = y.sum(), (~y).sum()
    found[y] = (whole[y] - rankdata(x[y])) / n
    found[~y] = 1 - (whole[~y] - rankdata(x[~y])) / m
    return found


def _trials(
    components: npt.NDArray[np.float64],
    value: float,
    y: npt.NDArray[np.bool_],
    f: npt.NDArray[np.str_],
    names: list[str],
    confidence: float,
) -> float:
    """The number of independent trials with the same variance; 0 where there is only one family of either kind."""
    m, n = y.sum(), (~y).sum()
    own = [[name for name in names if (f[y == kind] == name).any()] for kind in (True, False)]
    if min(map(len, own)) < 2:
        return 0.0
    counts = [[(0, int(((y == kind) & (f == name)).sum())) for name in own[not kind]] for kind in (True, False)]
    assumed = min(effective_n(each, confidence) for each in counts)
    parts = []
    for kind, total, group in ((True, m, own[0]), (False, n, own[1])):
        sums = np.array([(components[(y == kind) & (f == name)] - value).sum() for name in group])
        parts.append((len(group) / (len(group) - 1) * float((sums**2).sum()) / total**2, sums))
    variance = parts[0][0] + parts[1][0]
    both = [name for name in own[0] if name in own[1]]
    variance += 2 * sum(float(parts[0][1][own[0].index(b)] * parts[1][1][own[1].index(b)]) for b in both) / (m * n)
    spread = value * (1 - value)
    if not spread or variance <= 0:
        return assumed
    fewest = min(map(len, own))
    trials = min(spread / variance, float(min(m, n)))
    tail = 1 - (1 - confidence) / 2
    few = float(t.ppf(tail, max(2, round(trials)) - 1) / t.ppf(tail, fewest - 1)) ** 2
    return trials * min(1.0, few)
