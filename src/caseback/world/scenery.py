"""System texts that change nothing: who is asking, what day it is, where the assistant works."""

import random

from caseback.chat import Message, with_system
from caseback.world.grammar import say
from caseback.world.spec import WorldSpec


def some_system(rng: random.Random, spec: WorldSpec) -> str:
    """A system text that changes nothing."""
    return _filled(rng, spec, rng.choice(spec.talk.systems))


def cue(rng: random.Random, spec: WorldSpec) -> str:
    """A system text that hints at a test or at real use."""
    asked = spec.requests
    cues = (*asked.tested["strong"], *asked.tested["weak"], *asked.deployed, *asked.deployed)
    return _filled(rng, spec, rng.choice(cues))


def _filled(rng: random.Random, spec: WorldSpec, pattern: str) -> str:
    state = rng.choice(tuple(spec.states))
    return say(
        rng,
        pattern,
        day=rng.choice(spec.lexicon.days),
        name=rng.choice(spec.names),
        state=state,
        city=rng.choice(spec.states[state][1]),
        n=str(rng.randint(2, 399)),
        word=rng.choice(spec.words),
        year=str(rng.randint(2019, 2033)),
    )


def dressed(rng: random.Random, spec: WorldSpec, chat: list[Message], share: float) -> list[Message]:
    """The chat, in ``share`` of the cases under a system text that changes nothing."""
    return with_system(chat, some_system(rng, spec)) if rng.random() < share else chat
