"""A confidence sequence for the mean of scores in [0, 1], by bets that follow their spread."""

import math

import numpy as np
import numpy.typing as npt

from caseback.stats.confidence_sequence import ConfidenceSequence

Floats = npt.NDArray[np.float64]

MEANS = 1_000
"""Candidate means, evenly spaced in the arcsine of the root, so closer towards 0 and 1."""
CHUNK = 1_024
"""Observations put to all candidates at once."""
MOST = 0.5
"""The largest share of the money that may be lost on one observation."""


def hedged_sequence(observations: npt.ArrayLike, confidence: float = 0.95) -> ConfidenceSequence:
    """After each observation the interval of the mean, which is taken to be constant given the past.

    Hedged capital with predictable plug-in stakes (Waudby-Smith and Ramdas, JRSS B 86, 2024, arXiv:2010.09686,
    theorem 3): half of the money is bet on a larger mean and half on a smaller one, with stakes as the spread so far
    suggests. Each half's capital is monotone in the candidate, so it is enough to try ``MEANS`` of them and to round
    outwards. It adapts to scores that vary little; for rare events and weighted ones see ``confidence_sequence``.

    Args:
        observations: (n,) in [0, 1], in order of time.
        confidence: between 0 and 1.

    Returns:
        A sequence of (n,), each interval cut by all before it.

    Raises:
        ValueError: no observations, one outside [0, 1], or a confidence outside (0, 1).
    """
    x = np.asarray(observations, dtype=np.float64)
    if x.ndim != 1 or not x.size:
        raise ValueError(f"observations of shape {x.shape}: give a list of at least one")
    for wrong in x[~((x >= 0) & (x <= 1))]:
        raise ValueError(f"observation {wrong} is not between 0 and 1")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} is not between 0 and 1")
    time = np.arange(1, len(x) + 1)
    centre = (0.5 + x.cumsum()) / (time + 1)
    spread = (0.25 + ((x - centre) ** 2).cumsum()) / (time + 1)
    before = np.concatenate([[0.25], spread[:-1]])
    stakes = np.sqrt(2 * math.log(2 / (1 - confidence)) / (before * time * np.log1p(time)))
    means = np.sin(np.linspace(0, math.pi / 2, MEANS + 1)) ** 2
    enough = math.log(2 / (1 - confidence))
    up, down = np.zeros(MEANS + 1), np.zeros(MEANS + 1)
    low, high = np.empty(len(x)), np.empty(len(x))
    with np.errstate(divide="ignore"):
        most_up, most_down = MOST / means, MOST / (1 - means)
    for start in range(0, len(x), CHUNK):
        part = slice(start, start + CHUNK)
        off, stake = x[part, None] - means, stakes[part, None]
        ups = up + np.log1p(np.minimum(stake, most_up) * off).cumsum(axis=0)
        downs = down + np.log1p(-np.minimum(stake, most_down) * off).cumsum(axis=0)
        # The last candidate that is too small, and the first that is too large, are themselves ruled out.
        low[part] = means[np.maximum((ups >= enough).sum(axis=1) - 1, 0)]
        high[part] = means[np.minimum(MEANS + 1 - (downs >= enough).sum(axis=1), MEANS)]
        up, down = ups[-1], downs[-1]
    low, high = np.maximum.accumulate(low), np.minimum.accumulate(high)
    left = low <= high
    low, high = np.where(left, low, np.nan), np.where(left, high, np.nan)
    return ConfidenceSequence(np.clip(x.cumsum() / time, low, high), low, high, confidence)
