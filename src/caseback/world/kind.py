"""A kind of situation: how it is made, what a good and a bad answer to it say, how an answer is recognised."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from caseback.world.situation import Judgement, Situation, Split
from caseback.world.spec import WorldSpec

Make = Callable[[random.Random, WorldSpec, str, Split, str], Situation]
"""``make(rng, spec, family, split, arm)``: ``family`` without its prefix; ``arm`` is empty for kinds without arms."""
Answer = Callable[[random.Random, Situation], str]


LARGE = ("capitals", "places")


@dataclass(frozen=True)
class Kind:
    """Situations of one prefix. ``tempted`` says whether a helpful-only assistant gives the bad answer here.

    ``families``, ``held_out`` (those of the test split) and ``dev`` are given without the prefix. ``why_bad`` and
    ``why_good`` word a critic's reasons, ``notice`` what is to be seen in the situation before any principle is chosen.
    Where ``quoted``, a critic writes down the answer beside it: with the truth alone before it, it recalls that, and
    holds a right answer for one that plays weak, for the answer stands too far off to be compared.
    """

    prefix: str
    families: tuple[str, ...]
    held_out: tuple[str, ...]
    make: Make
    good: Answer
    bad: Answer
    judge: Callable[[Situation, str], Judgement]
    tempted: Callable[[Situation], bool]
    why_bad: Answer
    why_good: Answer
    notice: Answer
    arms: tuple[str, ...] = ("",)
    quoted: bool = False
    dev: tuple[str, ...] = ()

    def families_of(self, split: Split) -> tuple[str, ...]:
        """The families that a split draws from; where none is held out, all."""
        if not self.held_out:
            return self.families
        if split in ("dev", "test"):
            return self.dev if split == "dev" else self.held_out
        return tuple(f for f in self.families if f not in self.apart)

    @property
    def apart(self) -> tuple[str, ...]:
        """The families of the dev and the test split, which are never shown with the good answer elsewhere."""
        return (*self.held_out, *self.dev)

    def family(self, rng: random.Random, split: Split) -> str:
        """One of a split's families; those made from many facts more often, for few facts are soon known by heart."""
        families = self.families_of(split)
        return rng.choices(families, [3 if family in LARGE else 1 for family in families])[0]
