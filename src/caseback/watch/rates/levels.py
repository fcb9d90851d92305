"""The probabilities with which exchanges are audited: few, fixed, and known before the first is drawn."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def levels(random_slice: float) -> Floats:
    """The random slice, twice that, four times that, and so on, and 1: ascending.

    Bounds list what was found by probability, so those must be few however often the plan changes.

    Raises:
        ValueError: a slice outside (0, 1].
    """
    if not 0 < random_slice <= 1:
        raise ValueError(f"a random slice of {random_slice} is not above 0 and at most 1")
    doubled = random_slice * 2.0 ** np.arange(64)
    return np.append(doubled[doubled < 1], 1.0)


def rounded_down(probabilities: npt.ArrayLike, random_slice: float) -> Floats:
    """Each probability brought down to the next level; none to below the slice."""
    grid = levels(random_slice)
    at = np.searchsorted(grid, np.asarray(probabilities, dtype=np.float64) * (1 + 1e-12), side="right") - 1
    return np.asarray(grid[np.maximum(at, 0)])
