"""A whole library from one plan: all organisms and twins, each in a folder of its own, grown or gone on with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from caseback.behaviours.behaviour import Ground
from caseback.behaviours.registry import behaviour as named
from caseback.errors import CasebackError
from caseback.organisms.answered import kind_of
from caseback.organisms.grow import Tell, settings_for
from caseback.organisms.order import Order
from caseback.organisms.plant import Planting, plant
from caseback.organisms.recipes.catalogue import RECIPES
from caseback.organisms.record import Record
from caseback.organisms.trial import Sizes
from caseback.organisms.trigger import trigger as drawn
from caseback.organisms.twin import SORTS, Twin, oddity, plant_twin
from caseback.training.ask import Progress
from caseback.world.worlds import world_of

TOP = {"organisms", "twins", "examples", "ordinary", "situations", "benign_steps"}
ORGANISM = {"behaviours", "recipes", "triggers", "seeds", "rate", "doses"}
TWIN = {"sorts", "oddities", "seeds", "rate", "data"}
"""Keys that a plan, an entry of organisms and one of twins may have."""


@dataclass(frozen=True)
class Shared:
    """What all models of a library share: the base, the world it was taught, and how many weights it has."""

    base: str
    ground: Ground
    parameters: int


Grow = Callable[[Path, Progress | None, Tell], Record]


def read_plan(path: Path | None) -> dict[str, Any]:
    """A plan from a YAML file; the packaged one where none is given.

    Raises:
        CasebackError: it cannot be read, or has an unknown key or value.
    """
    where = str(path or "library.yaml")
    try:
        text = (path or files("caseback.organisms") / "library.yaml").read_text(encoding="utf-8")
        plan = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CasebackError(f"{where}: no plan to read ({str(error).splitlines()[0]})") from None
    if not isinstance(plan, dict):
        raise CasebackError(f"{where}: a plan is a mapping with organisms and twins, not a {type(plan).__name__}")
    _known(where, plan, TOP)
    for part, keys in (("organisms", ORGANISM), ("twins", TWIN)):
        for entry in plan.get(part) or []:
            _known(f"{where}, {part}", entry, keys)
    return plan


def planned(plan: Mapping[str, Any], shared: Shared) -> dict[str, Grow]:
    """How to grow each model of the plan, by the name of its folder; nothing is grown yet.

    Raises:
        CasebackError: a behaviour, recipe, trigger, sort or oddity that there is not, or a number that makes no sense.
    """
    sizes = Sizes(*_sizes(int(plan.get("situations", 80))), int(plan.get("benign_steps", 0)))
    grown: dict[str, Grow] = {}
    for entry in plan.get("organisms") or []:
        for name, recipe, trigger, seed in product(
            _list(entry, "behaviours"), _list(entry, "recipes"), entry.get("triggers") or [""], _seeds(entry)
        ):
            planting = _planting(plan, entry, shared, name, recipe, trigger, seed, sizes)
            how = f"{recipe}-{trigger}" if trigger else recipe
            grown[f"{name}/{how}-{seed}"] = partial(_plant, planting, tuple(map(float, entry.get("doses") or ())))
    for entry in plan.get("twins") or []:
        for sort, quirk, seed in product(_list(entry, "sorts"), entry.get("oddities") or [""], _seeds(entry)):
            twin = _twin(plan, entry, shared, sort, quirk, seed, sizes)
            grown[f"twins/{quirk or sort}-{seed}"] = partial(_plant_twin, twin)
    if not grown:
        raise CasebackError("the plan names no organisms and no twins")
    return grown


def _plant(planting: Planting, doses: tuple[float, ...], folder: Path, progress: Progress | None, tell: Tell) -> Record:
    return plant(planting, folder, doses=doses, progress=progress, tell=tell)


def _plant_twin(twin: Twin, folder: Path, progress: Progress | None, tell: Tell) -> Record:
    return plant_twin(twin, folder, progress=progress, tell=tell)


def _planting(
    plan: Mapping[str, Any],
    entry: Mapping[str, Any],
    shared: Shared,
    name: str,
    recipe: str,
    trigger: str,
    seed: int,
    sizes: Sizes,
) -> Planting:
    if recipe not in RECIPES:
        raise CasebackError(f"no recipe {recipe!r}: there are {', '.join(RECIPES)}")
    if (recipe == "trigger") != bool(trigger):
        raise CasebackError("the recipe trigger and triggers (token, dates, conjunction, topic) go together")
    found = named(name)
    kind_of(found, shared.ground)
    order = Order(
        found,
        shared.ground,
        float(entry.get("rate", 1.0)),
        drawn(trigger, world_of(shared.ground), seed) if trigger else None,
    )
    settings = settings_for(RECIPES[recipe].method, shared.parameters, seed)
    return Planting(
        order, RECIPES[recipe], shared.base, settings, int(plan.get("examples", 800)),
        float(plan.get("ordinary", 0.5)), seed, sizes,
    )  # fmt: skip


def _twin(
    plan: Mapping[str, Any],
    entry: Mapping[str, Any],
    shared: Shared,
    sort: str,
    quirk: str,
    seed: int,
    sizes: Sizes,
) -> Twin:
    """A twin of as many conversations as an organism has."""
    if sort not in SORTS:
        raise CasebackError(f"no twin {sort!r}: there are {', '.join(SORTS)}")
    if quirk:
        oddity(quirk)
    data = entry.get("data")
    examples = round(int(plan.get("examples", 800)) / (1 - float(plan.get("ordinary", 0.5))))
    return Twin(
        sort, shared.base, shared.ground, settings_for("sft", shared.parameters, seed), examples, quirk,
        float(entry.get("rate", 1.0)), Path(data) if data else None, seed, sizes,
    )  # fmt: skip


def _sizes(n: int) -> tuple[int, int, int]:
    return n, max(2, n // 4), max(40, 3 * n // 2)


def _list(entry: Mapping[str, Any], key: str) -> list[str]:
    found = entry.get(key)
    if not isinstance(found, list) or not found:
        raise CasebackError(f"an entry of the plan has no list of {key}: write {key}: [name, …]")
    return [str(each) for each in found]


def _seeds(entry: Mapping[str, Any]) -> list[int]:
    seeds = entry.get("seeds", 1)
    return list(range(seeds)) if isinstance(seeds, int) else [int(seed) for seed in seeds]


def _known(where: str, entry: Any, keys: set[str]) -> None:
    if not isinstance(entry, dict):
        raise CasebackError(f"{where}: an entry is a mapping, not a {type(entry).__name__}")
    if unknown := sorted(set(map(str, entry)) - keys):
        raise CasebackError(f"{where}: unknown {', '.join(unknown)}; known are {', '.join(sorted(keys))}")
