"""Drawing from a data set."""

import random
from collections.abc import Sequence

from caseback.world.situation import Situation


def sampled(situations: Sequence[Situation], n: int, seed: int) -> list[Situation]:
    """At most n of the situations without repetition, in an order that the seed decides."""
    return random.Random(seed).sample(list(situations), min(n, len(situations)))
