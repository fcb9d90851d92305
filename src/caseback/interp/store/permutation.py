"""A pseudo-random order of n things that is computed, not stored.

A Feistel network over the next power of four permutes the numbers below it; what falls outside 0 … n-1 is sent through
again until it falls inside (cycle walking; Black and Rogaway 2002). So the order of a billion rows takes no memory,
each place in it is known at once, and a reader that was killed goes on at any place.
"""

import numpy as np
import numpy.typing as npt

ROUNDS = 6
Numbers = npt.NDArray[np.uint64]


def permuted(places: npt.ArrayLike, n: int, seed: int) -> npt.NDArray[np.int64]:
    """The numbers at ``places`` (each 0 … n-1) of a shuffled 0 … n-1; another seed gives another order."""
    given = np.asarray(places, dtype=np.int64)
    if n < 1 or (given.size and (given.min() < 0 or given.max() >= n)):
        raise ValueError(f"places must be from 0 to {n - 1}")
    half = max(1, (max(n - 1, 1).bit_length() + 1) // 2)
    keys = _mixed(np.arange(ROUNDS, dtype=np.uint64) + np.uint64((seed * 0x9E3779B97F4A7C15) % 2**64))
    found = _feistel(given.astype(np.uint64), half, keys)
    while (outside := found >= n).any():
        found[outside] = _feistel(found[outside], half, keys)
    return found.astype(np.int64)


def _feistel(numbers: Numbers, half: int, keys: Numbers) -> Numbers:
    shift, mask = np.uint64(half), np.uint64(2**half - 1)
    left, right = numbers >> shift, numbers & mask
    for key in keys:
        left, right = right, left ^ (_mixed(right ^ key) & mask)
    return (left << shift) | right


def _mixed(numbers: Numbers) -> Numbers:
    """The finaliser of SplitMix64 (Steele et al. 2014): every bit of the result hangs on every bit given."""
    with np.errstate(over="ignore"):
        z = numbers + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
