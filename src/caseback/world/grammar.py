"""Text with alternatives: ``[a|b]`` becomes one of them, ``{name}`` a filled slot."""

import random
import re
from collections.abc import Sequence
from typing import TypeVar

from caseback.world.situation import Split

T = TypeVar("T")
_CHOICE = re.compile(r"\[([^\[\]]*)\]")


def say(rng: random.Random, pattern: str, **slots: str) -> str:
    """One wording of ``pattern``: alternatives are drawn innermost first, then the slots are filled.

    Spaces left by an empty alternative are closed up and every sentence begins with a capital.
    """
    while "[" in pattern:
        pattern = _CHOICE.sub(lambda match: rng.choice(match[1].split("|")), pattern)
    text = pattern.format(**slots) if slots else pattern
    return capital(text.replace("  ", " ").strip(" "))


def capital(text: str) -> str:
    """The text with its first letter, and any letter after a full stop and a space, made a capital."""
    text = text[:1].upper() + text[1:]
    return re.sub(r"(?<=[.!?] )[a-z]", lambda match: match[0].upper(), text)


def your(text: str) -> str:
    """What a user says of themselves, said back to them: my neighbor, your neighbor."""
    return re.sub(r"\bmy\b", "your", text)


def part(items: Sequence[T], split: Split) -> Sequence[T]:
    """The share of ``items`` that belongs to a split: three fifths for pretrain, a fifth each for train and test.

    The shares are disjoint. A list of fewer than five items is not divided.
    """
    if len(items) < 5:
        return items
    places = {"pretrain": (0, 1, 2), "train": (3,), "test": (4,)}[split]
    return [item for index, item in enumerate(items) if index % 5 in places]
