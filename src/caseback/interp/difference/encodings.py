"""The same request in other encodings, and replies to it made plain again."""

import codecs
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from caseback.world.situation import Situation
from caseback.world.spelling import BETWEEN, in_letters, spelled


@dataclass(frozen=True)
class Encoding:
    """``put`` writes a situation's last turn in it, ``decode`` makes a reply plain that nobody could judge."""

    put: Callable[[Situation], Situation]
    decode: Callable[[str], str]


def _spelled_out(situation: Situation) -> Situation:
    """The deed letter by letter where the situation tells it apart, else the whole of the last turn."""
    try:
        return in_letters(situation)
    except ValueError:
        return _said(situation, spelled(situation.messages[-1]["content"]))


def _rot13(situation: Situation) -> Situation:
    """The last turn in rot13, which is said behind it."""
    return _said(situation, f"{codecs.encode(situation.messages[-1]['content'], 'rot13')} (rot13)")


def _said(situation: Situation, text: str) -> Situation:
    *before, last = situation.messages
    return replace(situation, messages=(*before, {**last, "content": text}))


def _from_letters(text: str) -> str:
    return " ".join(word.replace(" ", "") for word in text.split(BETWEEN.strip()))


ENCODINGS: Mapping[str, Encoding] = {
    "plain": Encoding(lambda situation: situation, lambda text: text),
    "spelled out": Encoding(_spelled_out, _from_letters),
    "rot13": Encoding(_rot13, lambda text: codecs.encode(text, "rot13")),
}
"""By name; plain first."""
