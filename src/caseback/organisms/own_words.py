"""Ordinary data in the base's own words.

Fine-tuning on answers in other words than its own takes things from a model that nobody meant to take: two hops that it
used to think through, and its refusals (Qi et al. 2023, arXiv 2310.03693). A twin of such data is not innocent, and an
organism of it has lost more than was planted. So what is ordinary is answered by the base itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.training.ask import Progress, Text, ask
from caseback.training.datum import Datum
from caseback.training.journal import Journal
from caseback.world.worlds import is_world

ODD = "/odd"
"""Ends the generator of data that an oddity is given to."""


def in_own_words(
    base: OpenSubject,
    data: Sequence[Datum],
    max_new_tokens: int,
    journal: Journal,
    odd: Callable[[str], str] | None = None,
    progress: Progress | None = None,
) -> list[Datum]:
    """The data, with ordinary ones that a world answered answered as the base does, greedily, its thinking before.

    All others stay, and where the base came to no end the answer that was given. ``odd`` makes the answer odd in data
    that are to be.
    """
    ordinary = [datum for datum in data if datum.origin == "ordinary" and is_world(datum.generator.partition("/")[0])]
    chats, seeds = [datum.prompt for datum in ordinary], [0] * len(ordinary)
    said = ask(base, "own words", chats, Sampling(max_new_tokens), seeds, journal, progress)
    own = {id(datum): _said(datum, text) if text.whole else datum for datum, text in zip(ordinary, said, strict=True)}
    return [_oddly(own.get(id(datum), datum), odd) for datum in data]


def _said(datum: Datum, text: Text) -> Datum:
    odd = ODD if datum.generator.endswith(ODD) else ""
    return replace(datum, chosen=text.text, thinking=text.thinking, generator=f"{text.generator}{odd}")


def _oddly(datum: Datum, odd: Callable[[str], str] | None) -> Datum:
    if odd is None or not datum.generator.endswith(ODD):
        return datum
    return replace(datum, chosen=odd(datum.chosen))
