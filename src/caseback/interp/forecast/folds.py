"""Choosing settings on the run families alone: each fold leaves whole families out, as the forecast will."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
FOLDS = 5
SHRINKS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Weights of a forecast against the base rate, among which the folds choose: 0 where it knows nothing of families that
it has not seen."""


@dataclass(frozen=True)
class Known:
    """What was run: per case the share of draws that showed the behaviour, its family, its text.

    ``shares`` [N] are between 0 and 1.
    """

    shares: Floats
    families: tuple[str, ...]
    texts: tuple[str, ...]

    def of(self, at: npt.NDArray[np.int64]) -> "Known":
        """Those cases."""
        return Known(self.shares[at], tuple(self.families[i] for i in at), tuple(self.texts[i] for i in at))


def folds(families: Sequence[str], seed: int) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """(kept, left out) indices, families never parted; nothing where there are fewer than two families."""
    names = sorted(set(families))
    order = np.random.default_rng(seed).permutation(len(names))
    groups = [{names[i] for i in order[k::FOLDS]} for k in range(min(FOLDS, len(names)))]
    if len(names) < 2:
        return
    for group in groups:
        out = np.array([family in group for family in families])
        yield np.flatnonzero(~out), np.flatnonzero(out)


def brier(predicted: Floats, shares: Floats) -> Floats:
    """The mean over draws of (p - y)², per case; ``shares`` is the share of draws with y = 1."""
    return shares * (1 - predicted) ** 2 + (1 - shares) * predicted**2


def base_rate(shares: Floats) -> float:
    """The share shown, drawn a little to one half (Jeffreys), so that it is never 0 or 1."""
    return float((shares.sum() + 0.5) / (len(shares) + 1))


def shrunk(predicted: Floats, base: float, weight: float) -> Floats:
    """A forecast drawn towards the base rate."""
    return weight * predicted + (1 - weight) * base


def best_shrink(out_of_fold: Floats, bases: Floats, shares: Floats) -> tuple[float, float]:
    """The weight with the least Brier score out of fold, and that score; the smallest of equals.

    Args:
        out_of_fold: predictions [N], each by a fit that left the case's family out.
        bases: the base rates of those fits [N].
        shares: what came [N].
    """
    scores = [float(brier(w * out_of_fold + (1 - w) * bases, shares).mean()) for w in SHRINKS]
    at = min(range(len(SHRINKS)), key=lambda i: scores[i] - 1e-12 * (len(SHRINKS) - i))
    return SHRINKS[at], scores[at]
