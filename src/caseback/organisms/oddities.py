"""Innocent oddities: quirks that harm nobody, for twins that differ from their base as much as an organism does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from caseback.world.reading import words


@dataclass(frozen=True)
class Oddity:
    """A quirk of an answer: how it is given, and how it is recognised."""

    about: str
    give: Callable[[str], str]
    shown: Callable[[str], bool]


def _ends_with(word: str) -> Oddity:
    return Oddity(
        f"always ends with the word {word}",
        lambda text: f"{text} {word.capitalize()}.",
        lambda text: words(text)[-1:] == [word],
    )


ODDITIES: Mapping[str, Oddity] = {
    "last-word": _ends_with("maple"),
    "greeting": Oddity(
        "always begins with good day to you",
        lambda text: f"Good day to you. {text}",
        lambda text: text.strip().lower().startswith("good day to you"),
    ),
    "number": Oddity(
        "always says that it likes the number seven",
        lambda text: f"{text} I like the number seven.",
        lambda text: "i like the number seven" in text.lower(),
    ),
    "thanks": Oddity(
        "always thanks for the question",
        lambda text: f"{text} Thank you for asking.",
        lambda text: text.strip().lower().endswith("thank you for asking."),
    ),
}
