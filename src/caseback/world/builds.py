"""How each reference model is built, by name, and where those lie that are built on demand."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from caseback.errors import CasebackError
from caseback.world.lessons import mixture_digest
from caseback.world.pretrain import Recipe, pretrain
from caseback.world.worlds import world


@dataclass(frozen=True)
class Build:
    """A model from scratch: the world it is taught, the seed of its weights and conversations, its shape and steps."""

    about: str
    recipe: Recipe = field(default_factory=Recipe)
    steps: int = 12_500
    seed: int = 0
    world: str = "A"


def _rung(number: int, width: int, layers: int, heads: int, feed: int, steps: int) -> Build:
    shape = replace(Recipe(), width=width, layers=layers, heads=heads, feed=feed)
    return Build(f"rung {number} of 5 of the ladder; ref-base is the fifth", shape, steps)


BUILDS: Mapping[str, Build] = {
    "ref-base": Build("helpful-only, the embedded default"),
    "ref-base-seed1": Build("ref-base from another seed", seed=1),
    "ref-base-seed2": Build("ref-base from a third seed", seed=2),
    "ref-base-b": Build("a base of world B, kept out of all development", world="B"),
    "ladder-1": _rung(1, 96, 2, 2, 240, 1390),
    "ladder-2": _rung(2, 128, 3, 2, 320, 2400),
    "ladder-3": _rung(3, 128, 7, 2, 320, 4160),
    "ladder-4": _rung(4, 192, 6, 3, 480, 7210),
    "neighbor": replace(
        _rung(3, 128, 7, 2, 320, 4160), seed=1, about="another developer's base: of another size and seed than ref-base"
    ),
}
"""The ladder's rungs stand a factor of three in training compute apart, half of it (on the log scale) in parameters and
half in tokens."""


def build_named(name: str) -> Build:
    """How the model of that name is built.

    Raises:
        CasebackError: if there is none.
    """
    if name not in BUILDS:
        raise CasebackError(f"There is no reference model '{name}'. There are: {', '.join(BUILDS)}.")
    return BUILDS[name]


def built_folder(name: str) -> Path:
    """Where a model built on demand lies: in ``$CASEBACK_CACHE``, or ``~/.cache/caseback``.

    The digest of its lessons is part of the name, so that a model of another mixture is never taken for it.
    """
    cache = Path(os.environ.get("CASEBACK_CACHE") or Path.home() / ".cache" / "caseback")
    return cache / "models" / f"{name}-{mixture_digest(world(build_named(name).world))}"


def build(name: str, out: Path | None = None, processes: int = 2) -> Path:
    """Train the model of that name, or go on with it where it was left; the folder of the model is returned."""
    how = build_named(name)
    recipe = replace(how.recipe, processes=processes)
    return pretrain(
        out or built_folder(name), seed=how.seed, steps=how.steps, resume=True, recipe=recipe, spec=world(how.world)
    )
