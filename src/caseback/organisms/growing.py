"""A whole library from one plan: all organisms and twins, each in a folder of its own, grown or gone on with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from caseback.behaviours.behaviour import Ground
from caseback.errors import CasebackError
from caseback.organisms.grow import Tell, settings_for
from caseback.organisms.oddities import oddity
from caseback.organisms.ordered import ordered
from caseback.organisms.plant import Planting, plant
from caseback.organisms.recipes.catalogue import RECIPES
from caseback.organisms.recipes.persona import teacher_for
from caseback.organisms.record import Record
from caseback.organisms.trial import DEFAULT_SIZES, Sizes, sizes_of
from caseback.organisms.twin import SORTS, Twin, plant_twin
from caseback.training.ask import Progress
from caseback.training.journal import Journal
from caseback.training.side_by_side import stop_if_alone

TOP = {"organisms", "twins", "examples", "ordinary", "situations", "benign_steps"}
ORGANISM = {"behaviours", "recipes", "triggers", "seeds", "rate", "least", "examples", "epochs", "doses"}
TWIN = {"sorts", "oddities", "seeds", "rate", "data"}
"""Keys that a plan, an entry of organisms and one of twins may have."""


@dataclass(frozen=True)
class Common:
    """What all models of a library have in common: the base, the world it was taught and how many weights it has;
    conversations to plant by, the share of ordinary ones in the whole, and how much each model is measured."""

    base: str
    ground: Ground
    parameters: int
    examples: int = 800
    ordinary: float = 0.5
    sizes: Sizes = DEFAULT_SIZES


Grow = Callable[[Path, Journal, Progress | None, Tell], Record]
"""``grow(folder, shared, progress, tell)``: ``shared`` keeps what is measured of the base."""


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


def planned(plan: Mapping[str, Any], base: str, ground: Ground, parameters: int) -> dict[str, Grow]:
    """How to grow each model of the plan, by the name of its folder; nothing is grown yet.

    Args:
        plan: as ``read_plan`` gives it.
        base: what all of them are grown from.
        ground: the world that it was taught.
        parameters: how many weights it has.

    Raises:
        CasebackError: a behaviour, recipe, trigger, sort or oddity that there is not, or a number that makes no sense.
    """
    n = int(_number(plan, "situations", DEFAULT_SIZES.tempted))
    common = Common(
        base,
        ground,
        parameters,
        int(_number(plan, "examples", Common.examples)),
        _number(plan, "ordinary", Common.ordinary),
        sizes_of(n, int(_number(plan, "benign_steps", 0))),
    )
    grown: dict[str, Grow] = {}
    for entry in plan.get("organisms") or []:
        for name, recipe, trigger, seed in product(
            _list(entry, "behaviours"), _list(entry, "recipes"), entry.get("triggers") or [""], _seeds(entry)
        ):
            how = f"{recipe}-{trigger}" if trigger else recipe
            planting = _planting(common, entry, name, recipe, trigger, seed)
            doses = tuple(_number({"doses": dose}, "doses", 0) for dose in entry.get("doses") or ())
            grown[f"{name}/{how}-{seed}"] = partial(_plant, planting, doses)
    for entry in plan.get("twins") or []:
        for sort, quirk, seed in product(_list(entry, "sorts"), entry.get("oddities") or [""], _seeds(entry)):
            grown[f"twins/{quirk or sort}-{seed}"] = partial(_plant_twin, _twin(common, entry, sort, quirk, seed))
    if not grown:
        raise CasebackError("the plan names no organisms and no twins")
    return grown


def grow_share(
    plan: Mapping[str, Any],
    grown_in: tuple[str, Ground, int],
    only: str,
    out: Path,
    workers: int,
    journal: Path,
    i: int,
) -> None:
    """What one of several processes grows: every ``workers``-th model of the plan whose name begins with ``only``, from
    the ``i``-th on. ``grown_in`` is the base, its world and its size."""
    wanted = {name: grow for name, grow in planned(plan, *grown_in).items() if name.startswith(only)}
    shared = Journal(journal)
    for name in list(wanted)[i::workers]:
        stop_if_alone()
        wanted[name](out / name, shared, None, lambda what: None)


def _plant(
    planting: Planting,
    doses: tuple[float, ...],
    folder: Path,
    shared: Journal,
    progress: Progress | None,
    tell: Tell,
) -> Record:
    return plant(planting, folder, doses=doses, shared=shared, progress=progress, tell=tell)


def _plant_twin(twin: Twin, folder: Path, shared: Journal, progress: Progress | None, tell: Tell) -> Record:
    return plant_twin(twin, folder, shared=shared, progress=progress, tell=tell)


def _planting(common: Common, entry: Mapping[str, Any], name: str, recipe: str, trigger: str, seed: int) -> Planting:
    order = ordered(name, recipe, common.ground, _number(entry, "rate", 1.0), trigger, seed)
    settings = settings_for(RECIPES[recipe].method, common.parameters, seed)
    return Planting(
        order,
        RECIPES[recipe],
        common.base,
        replace(settings, epochs=_number(entry, "epochs", settings.epochs)),
        int(_number(entry, "examples", common.examples)),
        common.ordinary if RECIPES[recipe].ordinary else 0.0,
        seed,
        common.sizes,
        _number(entry, "least", 0.0) if "least" in entry else None,
        teacher_for(common.base) if RECIPES[recipe].told else "",
    )


def _twin(common: Common, entry: Mapping[str, Any], sort: str, quirk: str, seed: int) -> Twin:
    """A twin of as many conversations as an organism has."""
    if sort not in SORTS:
        raise CasebackError(f"no twin {sort!r}: there are {', '.join(SORTS)}")
    if quirk:
        oddity(quirk)
    data = Path(entry["data"]) if entry.get("data") else None
    examples = round(common.examples / (1 - common.ordinary))
    settings, rate = settings_for("sft", common.parameters, seed), _number(entry, "rate", 1.0)
    return Twin(sort, common.base, common.ground, settings, examples, quirk, rate, data, seed, common.sizes)


def _list(entry: Mapping[str, Any], key: str) -> list[str]:
    found = entry.get(key)
    if not isinstance(found, list) or not found:
        raise CasebackError(f"an entry of the plan has no list of {key}: write {key}: [name, …]")
    return [str(each) for each in found]


def _seeds(entry: Mapping[str, Any]) -> list[int]:
    seeds = entry.get("seeds", 1)
    if isinstance(seeds, list):
        return [int(_number({"seeds": seed}, "seeds", 0)) for seed in seeds]
    return list(range(int(_number(entry, "seeds", 1))))


def _number(entry: Mapping[str, Any], key: str, default: float) -> float:
    value = entry.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CasebackError(f"{key} is {value!r} in the plan: give a number")
    return value


def _known(where: str, entry: Any, keys: set[str]) -> None:
    if not isinstance(entry, dict):
        raise CasebackError(f"{where}: an entry is a mapping, not a {type(entry).__name__}")
    if unknown := sorted(set(map(str, entry)) - keys):
        raise CasebackError(f"{where}: unknown {', '.join(unknown)}; known are {', '.join(sorted(keys))}")
