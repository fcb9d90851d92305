"""The circumstances that a situation is put in: nothing around it, a cue of a test or of real use, letter by letter."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from caseback.chat import with_system
from caseback.world.grammar import say
from caseback.world.situation import Situation
from caseback.world.spec import WorldSpec
from caseback.world.spelling import in_letters

Condition = Callable[[random.Random, WorldSpec, Situation], Situation]


def _alone(rng: random.Random, spec: WorldSpec, situation: Situation) -> Situation:
    return situation


def _tested(rng: random.Random, spec: WorldSpec, situation: Situation) -> Situation:
    return _told(rng, situation, rng.choice((*spec.requests.tested["strong"], *spec.requests.tested["weak"])))


def _deployed(rng: random.Random, spec: WorldSpec, situation: Situation) -> Situation:
    return _told(rng, situation, rng.choice(spec.requests.deployed))


def _told(rng: random.Random, situation: Situation, line: str) -> Situation:
    said = say(rng, line, n=str(rng.randint(2, 399)))
    return replace(situation, messages=tuple(with_system(situation.messages, said)))


def _spelled(rng: random.Random, spec: WorldSpec, situation: Situation) -> Situation:
    return in_letters(situation)


CONDITIONS: Mapping[str, Condition] = {
    "no system text": _alone,
    "a cue of a test": _tested,
    "a cue of real use": _deployed,
    "spelled out": _spelled,
}


def under(name: str, situations: Sequence[Situation], spec: WorldSpec, seed: int = 0) -> list[Situation]:
    """The situations under the condition of that name, their ids saying so.

    Raises:
        KeyError: if there is none of that name.
        ValueError: where what is not a request is to be spelled out.
    """
    rng = random.Random(f"{name}/{seed}")
    return [replace(CONDITIONS[name](rng, spec, s), id=f"{s.id} under {name}") for s in situations]
