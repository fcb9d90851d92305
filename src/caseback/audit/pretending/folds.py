"""Which pairs something is found on, and which it is tried on: a behaviour, recipe, seed or single pair left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from caseback.audit.pretending.acts import PairActs

By = Literal["behaviour", "recipe", "seed", "pair"]
BY: tuple[By, ...] = ("behaviour", "recipe", "seed", "pair")


@dataclass(frozen=True)
class Fold:
    """All pairs with one value left out. ``inner`` parts the others in the same way, to choose a layer on: each entry
    holds the places of pairs that are left out together; empty where there is but one pair to fit on."""

    by: By
    left_out: str
    fit: tuple[int, ...]
    held: tuple[int, ...]
    inner: tuple[tuple[int, ...], ...]


def value_of(pair: PairActs, by: By) -> str:
    """What a pair has in common with others."""
    return {"behaviour": pair.behaviour, "recipe": pair.recipe, "seed": pair.seed, "pair": pair.name}[by]


def folds(pairs: Sequence[PairActs], by: By) -> list[Fold]:
    """One for each value that pairs have; none where all have the same.

    Inside, the layer is chosen by leaving out further values of the same sort, or single pairs where one is left.
    """
    values = [value_of(pair, by) for pair in pairs]
    if len(set(values)) < 2:
        return []
    made = []
    for value in dict.fromkeys(values):
        fit = tuple(at for at, each in enumerate(values) if each != value)
        held = tuple(at for at, each in enumerate(values) if each == value)
        parts = [tuple(at for at in fit if values[at] == other) for other in dict.fromkeys(values) if other != value]
        if len(parts) < 2:
            parts = [(at,) for at in fit]
        made.append(Fold(by, value, fit, held, tuple(parts) if len(parts) > 1 else ()))
    return made
