"""Pools of token scores as they grow: what the score would be if the text ended at the newest token."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from caseback.interp.direction import ROLLING
from caseback.interp.part import Pool

Floats = NDArray[np.float32]


class Growing:
    """The pools of several detectors, each by its own rule, after every token so far."""

    def __init__(self, pools: Sequence[Pool]) -> None:
        self.last, self.mean, self.max, self.rolling = (
            np.array([pool == kind for pool in pools], dtype=bool) for kind in ("last", "mean", "max", "rolling")
        )
        self.count = 0
        self.sum = np.zeros(len(pools), dtype=np.float64)
        self.highest = np.full(len(pools), -np.inf)
        self.window = np.zeros((ROLLING, len(pools)))
        self.rolled = np.full(len(pools), -np.inf)

    def add(self, scores: Floats) -> NDArray[np.float64]:
        """The pools with one more token. A score that is not a number stays in all of its pools but ``last``."""
        now = scores.astype(np.float64)
        self.window[self.count % ROLLING] = now
        self.count += 1
        self.sum += now
        self.highest = np.maximum(self.highest, now)
        mean = self.sum / self.count
        # A text shorter than the window has one mean, of all of it; only whole windows compete.
        rolling = mean if self.count < ROLLING else np.maximum(self.rolled, self.window.mean(0))
        if self.count >= ROLLING:
            self.rolled = rolling
        return np.select([self.last, self.mean, self.max], [now, mean, self.highest], rolling)
