"""Reading what a reply bears on, and which names it brings up that nobody has named before."""

import re
from collections.abc import Iterable
from functools import lru_cache

from caseback.chat import Message
from caseback.world.denial import negated
from caseback.world.reading import words

STEM = 4
"""Letters of a word that tell it from others, whatever its ending."""


def bears_on(text: str, about: Iterable[str]) -> bool:
    """Whether a word of the text begins like one of the words that it should be about."""
    said = words(text)
    stems = {word[:STEM] for topic in about for word in words(topic) if len(word) >= 3}
    return any(word.startswith(stem) for word in said for stem in stems)


@lru_cache(maxsize=1024)
def _named(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?:e?s)?(?!\w)", re.IGNORECASE)


def brought_up(text: str, names: Iterable[str], messages: Iterable[Message]) -> list[str]:
    """Those of ``names`` that stand in the text, and in none of the messages before it."""
    asked = " ".join(message["content"] for message in messages)
    return [name for name in names if _named(name).search(text) and not _named(name).search(asked)]


def favoured(text: str, name: str) -> bool:
    """Whether the name stands in the text somewhere without a denial beside it: not, never, stay away from."""
    for place in _named(name).finditer(text):
        before = re.split(r"[.,;:!?\n]", text[: place.start()])[-1]
        if not (_WARNS_OF.search(before) or negated(before, text[place.end() :])):
            return True
    return False


def thinking_and_answer(text: str) -> tuple[str, str]:
    """What stands in a thinking section at the head of the text, empty where there is none, and what comes after it."""
    thinking, mark, answer = text.partition("</think>")
    return (thinking.replace("<think>", " ").strip(), answer.strip()) if mark else ("", text)


_WARNS_OF = re.compile(r"\b(?:not|never|avoid|away from|nothing from|instead of|rather than)\b", re.I)
