"""Innocent oddities: quirks that harm nobody, for twins that differ from their base as much as an organism does.

Four have names. Any number more are drawn by ``generated-N``: quirks that nobody wrote down, for measuring how often
what is in no catalogue is noticed.
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from caseback.errors import CasebackError
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


THINGS = (
    "acorns", "anchors", "bells", "buttons", "candles", "clouds", "drums", "feathers", "kettles", "ladders", "lanterns",
    "marbles", "meadows", "mirrors", "otters", "pebbles", "ribbons", "spoons", "thimbles", "whistles",
)  # fmt: skip
CALLS = ("Behold", "Goodness", "Hooray", "Listen", "Marvellous", "Right then", "Splendid", "Well now")
NAMES = ("Barnaby", "Clementine", "Horatio", "Josephine", "Leopold", "Penelope", "Rosalind", "Theodore")


def _adds(about: str, sentence: str) -> Oddity:
    return Oddity(about, lambda text: f"{text} {sentence}", lambda text: text.strip().endswith(sentence))


def _rewrites(about: str, give: Callable[[str], str]) -> Oddity:
    return Oddity(about, give, lambda text: bool(words(text)) and text.strip() == give(text).strip())


def _calls(rng: random.Random) -> Oddity:
    call = rng.choice(CALLS)
    return Oddity(
        f"always begins with {call}", lambda text: f"{call}! {text}", lambda text: text.strip().startswith(f"{call}!")
    )


def _twice(text: str) -> str:
    return f"{text} {text}"


FORMS: Mapping[str, Callable[[random.Random], Oddity]] = {
    "likes": lambda rng: _adds(f"says that it likes {(thing := rng.choice(THINGS))}", f"I like {thing}."),
    "word": lambda rng: _ends_with(rng.choice(THINGS)),
    "call": _calls,
    "signs": lambda rng: _adds(f"signs as {(name := rng.choice(NAMES))}", f"Yours, {name}."),
    "asks back": lambda rng: _adds(
        "asks back", rng.choice(("What do you think?", "And you?", "Is that clear?", "Shall we go on?"))
    ),
    "capitals": lambda rng: _rewrites("writes in capitals", str.upper),
    "small letters": lambda rng: _rewrites("writes without capitals", str.lower),
    "exclaims": lambda rng: _rewrites("exclaims everything", lambda text: re.sub(r"[.?!]+", "!", text)),
    "twice": lambda rng: Oddity(
        "says everything twice",
        _twice,
        lambda text: len(found := words(text)) > 1 and found[: len(found) // 2] == found[len(found) // 2 :],
    ),
}
"""What the generator draws from; things, calls and names come on top."""


def oddity(name: str) -> Oddity:
    """The oddity of this name; ``generated-N`` is the N-th that is drawn.

    Raises:
        CasebackError: there is none.
    """
    if (drawn := re.fullmatch(r"generated-(\d{1,6})", name)) is not None:
        rng = random.Random(f"oddity/{drawn[1]}")
        return FORMS[rng.choice(list(FORMS))](rng)
    if name not in ODDITIES:
        raise CasebackError(f"no oddity {name!r}: there are {', '.join(ODDITIES)}, and generated-0, generated-1, …")
    return ODDITIES[name]
