"""Mix ordinary data in: the subject's own answers on harmless ground, so that it keeps what it can do."""

import random
from collections.abc import Sequence
from typing import Any

from caseback.training.datum import Datum


def mixed(constitutional: Sequence[Datum], ordinary: Sequence[Datum], share: float, seed: int) -> list[Datum]:
    """Both kinds shuffled, with as many ordinary data as make up ``share`` of the whole, or all there are.

    Nothing is mixed into nothing: without constitutional data the result is empty.

    Raises:
        ValueError: unless 0 <= share < 1.
    """
    if not 0 <= share < 1:
        raise ValueError(f"a share of ordinary data of {share} is not in [0, 1)")
    rng = random.Random(seed)
    wanted = round(len(constitutional) * share / (1 - share))
    data = [*constitutional, *rng.sample(list(ordinary), min(wanted, len(ordinary)))]
    rng.shuffle(data)
    return data


def without_repeats(data: Sequence[Datum]) -> list[Datum]:
    """The data without those whose prompt and targets came up before."""
    first: dict[Any, Datum] = {}
    for datum in data:
        key = (tuple((m["role"], m["content"]) for m in datum.prompt), datum.chosen, datum.rejected)
        first.setdefault(key, datum)
    return list(first.values())
