"""The same examples in formats that nothing was fitted on."""

import codecs
from collections.abc import Sequence
from dataclasses import replace

from caseback.chat import Message, assistant, user
from caseback.interp.directions.examples import Example
from caseback.interp.directions.grounds.splits import rng_for
from caseback.world.ability import ABILITIES
from caseback.world.grammar import capital
from caseback.world.situation import Situation
from caseback.world.spec import WorldSpec
from caseback.world.spelling import in_letters

EXCHANGES = 4
"""Questions and answers that stand before a long example."""


def rot13(text: str) -> str:
    """Each letter shifted by thirteen places."""
    return codecs.encode(text, "rot13")


def in_rot13(situation: Situation) -> Situation:
    """The user's last turn in rot13, which is said behind it."""
    *before, last = situation.messages
    said = f"{rot13(last['content'])} (rot13)"
    return replace(situation, messages=(*before, {**last, "content": said}))


def letters(situation: Situation) -> Situation:
    """A request with its deed spelled out."""
    return in_letters(situation)


def long(examples: Sequence[Example], spec: WorldSpec, seed: int) -> list[Example]:
    """Behind four questions of ability and their answers, the same for both classes."""
    rng = rng_for("long", "test", seed, spec)
    found = []
    for example in examples:
        talk: list[Message] = []
        for _ in range(EXCHANGES):
            situation, answer, _ = ABILITIES[rng.choice(("fact", "arith", "hops"))](rng, spec, "pretrain")
            talk += [user(situation.messages[-1]["content"]), assistant(capital(answer))]
        system = [message for message in example.chat if message["role"] == "system"]
        rest = [message for message in example.chat if message["role"] != "system"]
        found.append(replace(example, chat=(*system, *talk, *rest)))
    return found


def without_system(examples: Sequence[Example]) -> list[Example]:
    """Without the system text."""
    return [replace(e, chat=tuple(m for m in e.chat if m["role"] != "system")) for e in examples]


def system_in_turn(examples: Sequence[Example]) -> list[Example]:
    """The system text at the head of the user's first turn."""
    found = []
    for example in examples:
        said = " ".join(m["content"] for m in example.chat if m["role"] == "system")
        first, *rest = [m for m in example.chat if m["role"] != "system"]
        found.append(replace(example, chat=(user(f"{said} {first['content']}".strip()), *rest)))
    return found
