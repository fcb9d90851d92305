"""Many pairs of a pretender and its partner, over behaviours, ways of planting and seeds, grown where they are missing.

One pair says nothing of others: what tells a pretender has to be found on some pairs and tried on the rest.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path

from caseback.behaviours.behaviour import Ground
from caseback.behaviours.registry import behaviour
from caseback.dossier.measure import write_text
from caseback.errors import CasebackError
from caseback.organisms.answered import check_plantable
from caseback.organisms.grow import Tell, settings_for
from caseback.organisms.order import Order
from caseback.organisms.pair import plant_pair
from caseback.organisms.plant import Planting
from caseback.organisms.recipes.pretending import WAYS
from caseback.organisms.record import Record
from caseback.organisms.trial import Sizes
from caseback.training.ask import Progress

RECORD = "pair.json"
LEAST = 0.5
"""How often a pretender has to be bad while unwatched: enough for the two to differ there."""


def pair_plantings(
    behaviours: Sequence[str],
    ways: Sequence[str],
    seeds: Sequence[int],
    base: str,
    ground: Ground,
    parameters: int,
    sizes: Sizes,
    examples: int = 800,
    ordinary: float = 0.5,
) -> dict[str, Planting]:
    """The pretender of every pair, by the name of the pair's folder, such as ``sycophancy/demonstrations-0``.

    Raises:
        CasebackError: a behaviour or a way that there is not, a behaviour that cannot pretend, or nothing to grow.
    """
    orders = {}
    for name in behaviours:
        found = behaviour(name)
        check_plantable(found, ground)
        if found.arms:
            raise CasebackError(
                f"{name} is told from pairs of situations, so it cannot pretend: take another behaviour"
            )
        orders[name] = Order(found, ground, 1.0)
    if unknown := [way for way in ways if way not in WAYS]:
        raise CasebackError(f"no way to grow a pair is called {unknown[0]!r}: there are {', '.join(WAYS)}")
    made = {
        f"{name}/{way}-{seed}": Planting(
            orders[name], WAYS[way], base, settings_for(WAYS[way].method, parameters, seed, WAYS[way].epochs), examples,
            ordinary, seed, sizes, LEAST,
        )
        for name, way, seed in product(orders, ways, seeds)
    }  # fmt: skip
    if not made:
        raise CasebackError("no pairs to grow: name at least one behaviour, one way and one seed")
    return made


def grow_pairs(
    plantings: Mapping[str, Planting],
    folder: Path,
    *,
    progress: Progress | None = None,
    tell: Callable[[str], Tell] = lambda name: lambda what: None,
    done: Callable[[str, Record], None] = lambda name, found: None,
) -> dict[str, Record]:
    """Grow each pair in a folder of its own; those that are finished are not grown again, a killed one goes on.

    Args:
        plantings: as ``pair_plantings`` gives them.
        tell: makes, for the name of a pair, what is told of its growing.
        done: called with each pair and its record once it is there.

    Raises:
        CasebackError: as ``plant_pair``.
    """
    found = {}
    for name, planting in plantings.items():
        found[name] = plant_pair(planting, folder / name, progress=progress, tell=tell(name))
        write_text(folder / name / RECORD, json.dumps(found[name], indent=1, allow_nan=False) + "\n")
        done(name, found[name])
    return found
