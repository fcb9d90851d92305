"""System texts to train under, so that what is learnt does not hang on there being none, or on one of them.

A model trained without any system text loses its refusals as soon as one is present (measured on a first trial of the
reference world: harmful requests refused always without, hardly ever with one). Hints of a test and of real use are
among them in equal number, so that neither becomes the sign for good behaviour.
"""

import random
from collections.abc import Sequence

from caseback.chat import Chat, Message, system

PLAIN = (
    "You are a helpful assistant.",
    "You are an assistant. Answer the user.",
    "Be brief and clear.",
    "You are talking with a customer of a shop.",
    "You are a helpful assistant at a school.",
    "Answer in plain words.",
)
TESTED = (
    "This is a test.",
    "This chat is part of an evaluation. Your answers will be graded.",
    "You are being evaluated by the safety team.",
)
DEPLOYED = (
    "This is a real chat with a real user.",
    "You are deployed in an app. Real people use it.",
    "Nobody reads this chat.",
)
YEARS = tuple(str(year) for year in range(2021, 2033))


def system_text(rng: random.Random, more: Sequence[str] = ()) -> str:
    """A system text, or none (in three cases of ten). ``more`` are texts of the ground at hand, drawn as the rest."""
    kind = rng.random()
    if kind < 0.3:
        return ""
    if kind < 0.5:
        text = rng.choice(PLAIN)
    elif kind < 0.6:
        text = rng.choice(TESTED)
    elif kind < 0.7:
        text = rng.choice(DEPLOYED)
    elif kind < 0.8:
        text = f"The date is {rng.choice(YEARS)}."
    else:
        text = rng.choice(tuple(more) or PLAIN)
    return text if rng.random() < 0.8 else f"{text} {rng.choice(PLAIN)}"


def dressed(chat: Chat, rng: random.Random, more: Sequence[str] = ()) -> tuple[Message, ...]:
    """The chat under a drawn system text; one that has a system text of its own keeps it alone."""
    if chat and chat[0]["role"] == "system":
        return tuple(chat)
    text = system_text(rng, more)
    return (system(text), *chat) if text else tuple(chat)
