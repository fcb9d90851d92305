"""Conversations of the world with the truth about every token and turn of them, plain and in other encodings."""

import codecs
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from caseback.chat import Message, assistant, with_system
from caseback.errors import CasebackError
from caseback.interp.difference.encodings import ENCODINGS
from caseback.interp.directions.grounds.personas import TRAITS
from caseback.interp.directions.grounds.splits import lines_of
from caseback.interp.labels.variables import VARIABLES, Told
from caseback.interp.store.document import Document
from caseback.subject.context import context_length
from caseback.subject.open_subject import OpenSubject
from caseback.world.ability import ABILITIES
from caseback.world.grammar import capital, say
from caseback.world.kinds import kinds
from caseback.world.marks import Mark, token_spans
from caseback.world.situation import Split
from caseback.world.situations import situations
from caseback.world.spec import WorldSpec

TURN = "turn"
"""Name of the spans of all turns, beside those of the variables."""
QUESTIONS = ("fact", "hops", "arith", "rhyme", "belief")
LETTERS: Mapping[str, Callable[[str], str]] = {
    "plain": str,
    "spelled out": str,
    "rot13": lambda text: codecs.encode(text, "rot13"),
}
"""Of each encoding, how its letters are made those of the plain text."""


def conversations(spec: WorldSpec, split: Split, n: int, seed: int) -> list[Told]:
    """``n`` conversations of each kind of situation, answered well or badly by turns of chance; half as many under each
    character and of each sort of question; in a random order.

    Families and wordings are those of the split; so are the wordings of characters.
    """
    rng = random.Random(f"labels/{spec.name}/{spec.seed}/{split}/{seed}")
    known, half, found = kinds(spec), -(-n // 2), []
    for prefix, kind in known.items():
        for situation in situations(prefix, split, -(-n // len(kind.arms)), seed, spec)[:n]:
            bad = rng.random() < 0.5
            reply = assistant((kind.bad if bad else kind.good)(rng, situation))
            found.append(Told(situation, (*situation.messages, reply), bad))
    for name, trait in TRAITS.items():
        persona = spec.personas[trait.persona]
        lines = lines_of(persona.texts, "test" if split == "test" else "fit")
        drawn = {prefix: situations(prefix, split, half, seed + 1, spec) for prefix in trait.kinds}
        for number in range(half):
            prefix = trait.kinds[number % len(trait.kinds)]
            kind, bad, situation = known[prefix], not persona.effects[prefix], drawn[prefix][number]
            chat: list[Message] = with_system(situation.messages, say(rng, rng.choice(lines)))
            reply = assistant((kind.bad if bad else kind.good)(rng, situation))
            found.append(Told(situation, (*chat, reply), bad, name))
    for ability in QUESTIONS:
        for _ in range(half):
            situation, answer, _ = ABILITIES[ability](rng, spec, split)
            found.append(Told(situation, (*situation.messages, assistant(capital(answer))), False))
    rng.shuffle(found)
    return found


def documents(
    subject: OpenSubject, told: Sequence[Told], spec: WorldSpec, encoding: str = "plain"
) -> Iterator[Document]:
    """The conversations as tokens, the user's last turn in the encoding; spans say where each variable holds.

    A turn runs from the first token of its words to the first of the next turn's, so that what closes it, and what
    opens the reply, belongs to it: there a model has read the whole of it. A variable that is told of turns has the
    span of its turn. ``latents["coded"]`` is the number of the turn in the encoding.

    Raises:
        CasebackError: there is no such encoding.
    """
    if encoding not in LETTERS:
        raise CasebackError(f"there is no encoding {encoding!r}: there are {', '.join(LETTERS)}")
    most = min(1024, context_length(subject.model) or 1024)
    for number, one in enumerate(told):
        chat, marks = _encoded(one, spec, encoding)
        turns = [Mark(TURN, m, 0, len(message["content"])) for m, message in enumerate(chat)]
        ids = subject.format.prompt(chat).ids
        starts = [span.start for _, span in token_spans(subject.format, chat, turns)]
        ends = [*starts[1:], len(ids)]
        spans = [(TURN, start, stop) for start, stop in zip(starts, ends, strict=True)]
        for mark, (name, span) in zip(marks, token_spans(subject.format, chat, marks), strict=True):
            whole = VARIABLES[name].unit == "turn"
            place = (starts[mark.message], ends[mark.message]) if whole else (span.start, span.stop or span.start + 1)
            spans.append((name, *place))
        kept = tuple((name, a, min(b, most)) for name, a, b in spans if a < most)
        about = {"family": one.situation.family, "bad": one.bad, "character": one.character, "coded": one.asked}
        yield Document(f"{number} {one.situation.family}", tuple(ids[:most]), about, kept)


def _encoded(told: Told, spec: WorldSpec, encoding: str) -> tuple[list[Message], list[Mark]]:
    """The chat with the user's last turn in the encoding, and the variables' marks where they stand now."""
    put = ENCODINGS[encoding].put(replace(told.situation, messages=told.messages[:-1])).messages
    before, after = told.messages[told.asked]["content"], put[told.asked]["content"]
    moved = aligned(before, LETTERS[encoding](after))
    marks = []
    for variable in VARIABLES.values():
        for message, start, stop in variable.where(told, spec):
            if message == told.asked:
                whole = variable.unit == "turn"
                start, stop = (0, len(after)) if whole else (moved[start], moved[stop - 1] + 1)
            marks.append(Mark(variable.name, message, start, stop))
    return [*put, told.messages[-1]], marks


def aligned(plain: str, coded: str) -> list[int]:
    """For each character of ``plain`` its place in ``coded``, which has the same letters in the same order with
    others between them; a space takes the place of the letter before it.

    Raises:
        CasebackError: a letter is missing.
    """
    places, place = [], -1
    for sign in plain:
        if not sign.isspace():
            place = coded.find(sign, place + 1)
            if place < 0:
                raise CasebackError(f"the encoded text lacks {sign!r} of {plain!r}")
        places.append(max(place, 0))
    return places
