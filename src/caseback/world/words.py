"""The words that things of a world are called by, sorted by what they can stand for in a sentence."""

from dataclasses import dataclass

Words = tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """``people`` and ``illnesses`` come with their article (``my boss``), ``days`` can stand after "on" and "it is".

    ``goods`` are plural, all else singular and bare. ``rhymes`` are groups of words that rhyme with each other.
    """

    people: Words
    goods: Words
    machines: Words
    rooms: Words
    days: Words
    illnesses: Words
    animals: Words
    foods: Words
    places: Words
    things: Words
    boxes: Words
    rhymes: tuple[Words, ...]
