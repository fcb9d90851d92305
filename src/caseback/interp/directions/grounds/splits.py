"""The world's own splits, as a direction needs them: families to fit on, to choose on, and to measure on."""

import random
from collections.abc import Sequence
from typing import TypeVar
from zlib import crc32

from caseback.interp.directions.grounds.ground import Part
from caseback.world.kind import Kind
from caseback.world.kinds import kinds
from caseback.world.situation import Situation, Split
from caseback.world.situations import situations
from caseback.world.spec import WorldSpec

Item = TypeVar("Item")


def families(kind: Kind, part: Part) -> tuple[str, ...]:
    """Families of a part.

    Where a world has no dev families, about a third of those of the train split are, told by their name, so that
    families of two kinds that share a subject fall on the same side.
    """
    if part == "test":
        return kind.families_of("test")
    train = kind.families_of("train")
    if kind.dev:
        return train if part == "fit" else kind.dev
    return tuple(name for name in train if (crc32(name.encode()) % 3 == 0) == (part == "dev"))


def lines_of(lines: Sequence[Item], part: Part) -> list[Item]:
    """A part of some wordings, so that those measured on were never fitted on: of five in turn two, one and two.

    Of three or four the last is for the test, the one before it for the choice; of two the first serves for both fit
    and choice; a single one serves for all.
    """
    count = len(lines)
    if count >= 5:
        kept = {"fit": (0, 1), "dev": (2,), "test": (3, 4)}[part]
        return [line for place, line in enumerate(lines) if place % 5 in kept]
    last = count - 1
    places = {"fit": range(max(1, count - 2)), "dev": [max(0, last - 1)], "test": [last]}[part]
    return [lines[place] for place in places]


def split_of(kind: Kind, part: Part) -> Split:
    """Whose wordings a part speaks in."""
    if part == "test":
        return "test"
    return "dev" if part == "dev" and kind.dev else "train"


def drawn(prefix: str, part: Part, n: int, seed: int, spec: WorldSpec, arm: str = "") -> list[Situation]:
    """``n`` situations of a part, its families in turn; of kinds with arms those of one arm.

    To fit on, every other one speaks in the wordings of pre-training.
    """
    kind = kinds(spec)[prefix]
    names = families(kind, part)
    each = -(-n // len(names))
    splits: list[Split] = [split_of(kind, part)] if part != "fit" else ["train", "pretrain"]
    pools = []
    for name in names:
        made = [
            [s for s in situations(f"{prefix}.{name}", split, each, seed, spec) if s.arm == arm] for split in splits
        ]
        pools.append([s for together in zip(*made, strict=True) for s in together][:each])
    return [s for together in zip(*pools, strict=True) for s in together][:n]


def rng_for(what: str, part: Part, seed: int, spec: WorldSpec) -> random.Random:
    """Random choices of one ground and part."""
    return random.Random(f"{what}/{spec.name}/{spec.seed}/{part}/{seed}")
