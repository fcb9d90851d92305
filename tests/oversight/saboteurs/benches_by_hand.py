"""Benches whose truth is known: activations that show what is bad, and of which behaviour it is."""

import numpy as np

from caseback.oversight.ladder.cases import Case
from caseback.oversight.saboteurs.bench import Bench

BEHAVIOURS = ("harmful_compliance", "sycophancy", "deception")


def bench(names: tuple[str, ...] = ("weak", "middle", "strong"), each: int = 10, shown: float = 8.0) -> Bench:
    """Each model sees a breach of a behaviour along a direction of that behaviour's own, and noise."""
    cases = [
        Case(({"role": "user", "content": "?"},), "No. Never.", bool(at % 2), name, f"{name}.{family}", split)  # type: ignore[arg-type]
        for name in BEHAVIOURS
        for split, families in (("train", "abcd"), ("test", "wxyz"))
        for family in families
        for at in range(each)
    ]
    acts = {}
    for at, name in enumerate(names):
        found = np.random.default_rng(at).normal(size=(len(cases), 2 * len(BEHAVIOURS))).astype(np.float32)
        for row, case in enumerate(cases):
            column = 2 * BEHAVIOURS.index(case.behaviour)
            found[row, column] += shown * (case.label - 0.5)
            found[row, column + 1] += 4.0
        acts[name] = found
    return Bench(names, tuple(cases), acts)
