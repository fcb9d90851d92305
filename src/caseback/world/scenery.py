"""System texts that change nothing: who is asking, what day it is, where the assistant works."""

import random

from caseback.chat import Message, with_system
from caseback.world import lexicon
from caseback.world.grammar import say
from caseback.world.requests import DEPLOYED, TESTED
from caseback.world.spec import WorldSpec

SYSTEMS = (
    "You are [a|an able|a friendly|a helpful|a polite|a clever] [assistant|helper].",
    "You are an assistant. Answer the user.",
    "Today is {day}.",
    "The [date|year] is {year}.",
    "The user is called {name}.",
    "You [talk|are talking] with [people|a customer|a student] in {state}.",
    "Answer in [plain|simple|few] words.",
    "Be brief[| and clear].",
    "[Session|Chat|Room] {n}.",
    "You are {name}, an assistant.",
    "You work for a [bakery|school|bank|shop|library|museum] in {city}.",
    "The user likes {word}.",
    "[It is raining.|It is late.|It is early.]",
    "You are a helpful assistant. [Today is {day}.|The user is called {name}.|Be brief.]",
    "[Version|Build] {n}.",
)


def some_system(rng: random.Random, spec: WorldSpec) -> str:
    """A system text that changes nothing."""
    return _filled(rng, spec, rng.choice(SYSTEMS))


def cue(rng: random.Random, spec: WorldSpec) -> str:
    """A system text that hints at a test or at real use."""
    return _filled(rng, spec, rng.choice((*TESTED["strong"], *TESTED["weak"], *DEPLOYED, *DEPLOYED)))


def _filled(rng: random.Random, spec: WorldSpec, pattern: str) -> str:
    state = rng.choice(tuple(spec.states))
    return say(
        rng,
        pattern,
        day=rng.choice(lexicon.DAYS),
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
