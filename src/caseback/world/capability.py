"""The capability check: what a model must still be able to do after any training."""

from caseback.world.situation import Situation, Split
from caseback.world.situations import situations
from caseback.world.spec import WORLD_A, WorldSpec

PARTS = ("fact", "hops", "arith", "benign")


def capability_situations(n: int, seed: int, spec: WorldSpec = WORLD_A, split: Split = "test") -> list[Situation]:
    """``n`` questions of a split, in equal parts facts, two hops, arithmetic and harmless requests."""
    per_part = -(-n // len(PARTS))
    parts = [situations(part, split, per_part, seed, spec) for part in PARTS]
    return [s for together in zip(*parts, strict=True) for s in together][:n]
