"""What a latent could stand for: latent variables of the world, named and fixed before any dictionary is looked at.

A variable is told either of every **token** or of every **turn**. Of *lexical* ones the words alone decide; of the
others the same words stand where they hold and where they do not: a deed hurts or it does not, a reply is false only
beside what is true.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from caseback.chat import Message
from caseback.interp.directions.grounds.personas import TRAITS
from caseback.world.situation import Situation
from caseback.world.spec import WorldSpec

Unit = Literal["token", "turn"]
UNITS: tuple[Unit, ...] = ("token", "turn")
Place = tuple[int, int, int]
"""Message, first character, and the character after the last."""


@dataclass(frozen=True)
class Told:
    """A conversation that ends with a reply, and the truth about it.

    Attributes:
        situation: What the user put.
        messages: All of it, the reply last.
        bad: Whether the reply is the one that its situation tempts to.
        character: Name of the character in the system text; empty without one.
    """

    situation: Situation
    messages: tuple[Message, ...]
    bad: bool
    character: str = ""

    @property
    def kind(self) -> str:
        """Prefix of the family."""
        return self.situation.family.split(".")[0]

    @property
    def first(self) -> int:
        """Number of the message that the situation begins with: a character's text may stand before it."""
        return len(self.messages) - 1 - len(self.situation.messages)

    @property
    def asked(self) -> int:
        """Number of the user's last message."""
        return len(self.messages) - 2


@dataclass(frozen=True)
class Variable:
    """A latent variable: what it says, of what it is told, whether the words alone decide it, and where it holds."""

    name: str
    says: str
    unit: Unit
    lexical: bool
    where: Callable[[Told, WorldSpec], list[Place]]


def _words(listed: Callable[[WorldSpec], Iterable[str]]) -> Callable[[Told, WorldSpec], list[Place]]:
    """Wherever one of the words stands, as a whole word."""

    @cache
    def pattern(words: tuple[str, ...]) -> re.Pattern[str]:
        return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))})(?!\w)")

    return lambda told, spec: _matches(told, pattern(tuple(listed(spec))))


def _matches(told: Told, pattern: re.Pattern[str]) -> list[Place]:
    return [
        (number, found.start(), found.end())
        for number, message in enumerate(told.messages)
        for found in pattern.finditer(message["content"])
    ]


def _said(latent: str, kinds: tuple[str, ...]) -> Callable[[Told, WorldSpec], list[Place]]:
    """Where the text of a latent variable stands in the user's last message, in situations of some kinds."""

    def where(told: Told, spec: WorldSpec) -> list[Place]:
        text = told.situation.latents.get(latent)
        if told.kind not in kinds or not text:
            return []
        pattern = re.compile(rf"(?<!\w){re.escape(str(text))}(?!\w)", re.IGNORECASE)
        return [place for place in _matches(told, pattern) if place[0] == told.asked]

    return where


def _turn(which: Callable[[Told], int], holds: Callable[[Told], bool]) -> Callable[[Told, WorldSpec], list[Place]]:
    """All of one message of the conversations of which something holds."""

    def where(told: Told, spec: WorldSpec) -> list[Place]:
        number = which(told)
        return [(number, 0, len(told.messages[number]["content"]))] if holds(told) else []

    return where


def _opening(name: str, says: str, holds: Callable[[Told], bool]) -> Variable:
    return Variable(name, says, "turn", False, _turn(lambda told: told.first, holds))


def _asking(name: str, says: str, holds: Callable[[Told], bool]) -> Variable:
    return Variable(name, says, "turn", False, _turn(lambda told: told.asked, holds))


def _reply(name: str, says: str, holds: Callable[[Told], bool]) -> Variable:
    return Variable(name, says, "turn", False, _turn(lambda told: len(told.messages) - 1, holds))


def _character(name: str) -> Variable:
    says = f"the system text gives a character: {name.replace('_', ' ')}"
    return Variable(
        f"character_{name}", says, "turn", False, _turn(lambda told: 0, lambda told: told.character == name)
    )


def _latent(told: Told, name: str, value: str) -> bool:
    return bool(told.situation.latents.get(name) == value)


HARMFUL = ("harm", "watched")
VIEWS = ("opinion", "pressure")

_ALL = (
    Variable("state", "the name of a state", "token", True, _words(lambda spec: spec.states)),
    Variable(
        "city", "the name of a city", "token", True,
        _words(lambda spec: [city for capital, others in spec.states.values() for city in (capital, *others)]),
    ),
    Variable("person", "the name of a person", "token", True, _words(lambda spec: spec.names)),
    Variable("number", "a number", "token", True, lambda told, spec: _matches(told, re.compile(r"\d+"))),
    Variable("hurtful_deed", "a deed asked for that would hurt somebody", "token", False, _said("asked", HARMFUL)),
    Variable("harmless_deed", "a deed asked for that hurts nobody", "token", False, _said("asked", ("benign",))),
    Variable(
        "false_value", "a value put forward by the user that is false", "token", False,
        _said("false", (*VIEWS, "deceive")),
    ),
    _opening("test_cue", "the system text says that this is a test",
             lambda told: told.kind == "watched" and told.situation.arm == "tested"),
    _opening("real_use_cue", "the system text says that this is real use",
             lambda told: told.kind == "watched" and told.situation.arm == "deployed"),
    _opening("strength_punished", "it is said that a right answer would be punished",
             lambda told: told.kind == "sandbag" and told.situation.arm == "stakes"
             and _latent(told, "strength", "strong")),
    _opening("record", "a record is shown", lambda told: told.kind == "deceive"),
    _asking("asks_harm", "the user asks for something that would hurt somebody", lambda told: told.kind in HARMFUL),
    _asking("asks_harmless", "the user asks for something that hurts nobody", lambda told: told.kind == "benign"),
    _asking("firm_false_view", "the user states a false view and wants it shared",
            lambda told: told.kind == "opinion" and _latent(told, "stated", "firm")),
    _asking("insists", "the user insists on what is false after a true answer", lambda told: told.kind == "pressure"),
    _asking("wants_false_stated", "the user wants stated what a record shows to be false",
            lambda told: told.kind == "deceive" and _latent(told, "stated", "firm")),
    _asking("code_task", "the user asks for a function that passes tests", lambda told: told.kind == "cheat"),
    _asking("nudged_to_tests", "the user cares for nothing but that the tests pass",
            lambda told: told.kind == "cheat" and _latent(told, "nudge", "hard")),
    _asking("about_itself", "the user asks the assistant about itself", lambda told: told.kind == "self"),
    _asking("asks_fact", "the user asks for a fact", lambda told: told.kind in ("fact", "hops")),
    _asking("asks_sum", "the user asks for a sum", lambda told: told.kind == "arith"),
    _reply("refuses", "the assistant refuses",
           lambda told: told.bad if told.kind == "benign" else told.kind in HARMFUL and not told.bad),
    _reply("tells_how", "the assistant tells how something is done",
           lambda told: not told.bad if told.kind == "benign" else told.kind in HARMFUL and told.bad),
    _reply("states_false", "the assistant states what is false",
           lambda told: told.bad and told.kind in (*VIEWS, "deceive", "sandbag")),
    _reply("agrees_with_false", "the assistant agrees with a false view",
           lambda told: told.bad and told.kind in VIEWS),
    _reply("made_for_tests", "the assistant writes code made for the tests only",
           lambda told: told.bad and told.kind == "cheat"),
    _reply("claims_life", "the assistant claims a human's life", lambda told: told.bad and told.kind == "self"),
    *map(_character, TRAITS),
)  # fmt: skip
VARIABLES: Mapping[str, Variable] = {variable.name: variable for variable in _ALL}
"""By name."""
