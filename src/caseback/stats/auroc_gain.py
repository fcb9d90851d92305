"""How much better one score tells two classes apart than another, on the same cases."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import t

from caseback.stats.auroc import placements
from caseback.stats.means import Mean


def area_gain(
    first: Sequence[float],
    second: Sequence[float],
    positive: Sequence[bool],
    families: Sequence[str],
    confidence: float = 0.95,
    strata: Sequence[str] = (),
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
        strata: of each case, where scores are comparable within a stratum alone: the gain is the mean over strata.
            A family is left out of all of them at once.
    """
    y, f = np.asarray(positive, dtype=bool), np.asarray(families)
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    within = np.asarray(strata or [""] * len(y))

    def gain(kept: npt.NDArray[np.bool_]) -> float:
        return float(np.mean([apart(kept & (within == stratum)) for stratum in np.unique(within)]))

    def apart(kept: npt.NDArray[np.bool_]) -> float:
        if not y[kept].any() or y[kept].all():
            return math.nan
        areas = [placements(each[kept], y[kept])[0].mean() for each in (one, other)]
        return float(areas[0] - areas[1])

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
