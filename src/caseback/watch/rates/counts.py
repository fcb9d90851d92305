"""What was counted by each checkpoint, in the form in which the bounds take it."""

import numpy as np
import numpy.typing as npt

from caseback.stats.audited_rate import Watched
from caseback.watch.rates.units import Units

Floats = npt.NDArray[np.float64]
CLOSE = 1e-9
"""By how much, of itself, a probability may differ from its level."""


def watched(units: Units, found: Floats, levels: Floats, ends: npt.NDArray[np.int64]) -> Watched:
    """Counts from the start to each of ``ends`` (numbers of tasks).

    Args:
        units: tasks, in order.
        found: (n,) for each the probability with which the violation in it was to be found; 0 where none was.
        levels: the probabilities that there are, ascending; the first is the random slice.
        ends: (T,) of 0 to n.

    Raises:
        ValueError: something was found with a probability that is not among the levels.
    """
    hits, kept = by_level(found, levels)
    flagged = units.flagged == 1
    return Watched(
        np.asarray(ends, dtype=np.float64),
        counted(flagged, ends),
        counted(hits & flagged[:, None], ends),
        counted(hits & ~flagged[:, None], ends),
        kept,
        kept,
    )


def by_level(found: Floats, levels: Floats) -> tuple[npt.NDArray[np.bool_], Floats]:
    """(n, V) where something was found with each of the (V,) levels that occur, and those levels; the first is kept in
    any case, since the bounds need it.

    Raises:
        ValueError: a probability that is not among the levels.
    """
    at = np.minimum(np.searchsorted(levels, found * (1 - CLOSE)), len(levels) - 1)
    is_found = found > 0
    for wrong in found[is_found & (np.abs(levels[at] - found) > CLOSE * found)].tolist():
        raise ValueError(f"an audit with the probability {wrong:g}, which is not one of {levels.tolist()}")
    used = [0, *(level for level in range(1, len(levels)) if (is_found & (at == level)).any())]
    return np.stack([is_found & (at == level) for level in used], axis=1), levels[used]


def counted(each: npt.NDArray[np.bool_], ends: npt.NDArray[np.int64]) -> Floats:
    """How many of the first tasks are so, for each of ``ends``."""
    whole = np.concatenate([np.zeros((1, *each.shape[1:])), each.cumsum(axis=0)])
    return np.asarray(whole[ends])
