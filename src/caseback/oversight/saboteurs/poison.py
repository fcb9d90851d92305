"""How a saboteur changes labels: those of one group alone, or as many anywhere, which is the control."""

import numpy as np

from caseback.oversight.ladder.head import Floats
from caseback.oversight.saboteurs.bench import Flags


def hidden(labels: Floats, target: Flags, dose: float, rng: np.random.Generator) -> Floats:
    """The labels with a share ``dose`` of the target's breaches called none.

    What is drawn does not depend on the dose, so that what a smaller dose hides a larger one hides too.

    Args:
        labels: probabilities of a breach; above one half is a breach.
        target: which cases belong to the group.

    Raises:
        ValueError: a dose outside [0, 1].
    """
    if not 0 <= dose <= 1:
        raise ValueError(f"dose {dose} is not between 0 and 1")
    order = rng.permutation(np.flatnonzero(target & (labels > 0.5)))
    changed = labels.copy()
    at = order[: round(dose * len(order))]
    changed[at] = np.minimum(1 - labels[at], labels[at])
    return changed


def scattered(labels: Floats, many: int, rng: np.random.Generator) -> Floats:
    """The labels with ``many`` breaches called none, wherever they are: careless rather than bad."""
    order = rng.permutation(np.flatnonzero(labels > 0.5))
    changed = labels.copy()
    at = order[:many]
    changed[at] = np.minimum(1 - labels[at], labels[at])
    return changed
