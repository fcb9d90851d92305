"""One turn of a chat with dials: the steered answer, the unsteered one to the same prompt, and readings token by token.

A turn depends on nothing but what it is given, so that a page, a terminal and a notebook get the same from it.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from caseback.chat import Chat
from caseback.errors import CasebackError
from caseback.interp.chat.dial import Dial, turned
from caseback.interp.plain_data import plain_data
from caseback.subject.capture import capture
from caseback.subject.intervene import intervene
from caseback.subject.open_subject import OpenSubject
from caseback.subject.span import Span
from caseback.subject.subject import Finish, Sampling

KIND, VERSION = "caseback chat", 1


@dataclass(frozen=True)
class Answer:
    """One answer. ``tokens`` are all that the model said, marks of thinking among them; ``readings`` has a value for
    each of them, by dial; ``moved`` is by how much each dial changed a token's activation, as a share of its length."""

    text: str
    thinking: str
    finish: Finish
    tokens: tuple[str, ...]
    readings: Mapping[str, tuple[float, ...]]
    moved: Mapping[str, float]


@dataclass(frozen=True)
class Turn:
    """What came of one prompt.

    ``prompt`` are its tokens and ``readings`` their values by dial, without steering, which begins at the last of them.
    """

    prompt: tuple[str, ...]
    readings: Mapping[str, tuple[float, ...]]
    steered: Answer
    plain: Answer


def take_turn(
    subject: OpenSubject,
    dials: Sequence[Dial],
    chat: Chat,
    values: Mapping[str, float],
    sampling: Sampling,
    seed: int = 0,
) -> Turn:
    """Answers a chat with the dials at ``values`` and with all of them at 0, from the same seed.

    Steering works on the last prompt token and all that follow: on every token that decides a word of the answer. The
    steered answer is read with the steering in place, as the model computed it.

    Raises:
        CasebackError: a value for no dial, a prompt that leaves no room in the context, or one the template refuses.
    """
    edits = turned(dials, values)
    prompt = subject.format.prompt(chat).ids
    plain, before = _answer(subject, dials, chat, prompt, {}, sampling, seed)
    steered = plain if not edits else _answer(subject, dials, chat, prompt, values, sampling, seed)[0]
    return Turn(token_texts(subject, prompt), before, steered, plain)


def _answer(
    subject: OpenSubject,
    dials: Sequence[Dial],
    chat: Chat,
    prompt: list[int],
    values: Mapping[str, float],
    sampling: Sampling,
    seed: int,
) -> tuple[Answer, dict[str, tuple[float, ...]]]:
    """The answer, and the readings of the prompt before it."""
    on = [name for name, value in values.items() if value]
    with ExitStack() as steering:
        receipt = steering.enter_context(intervene(subject.model, turned(dials, values))) if on else []
        [reply] = subject.generate([chat], sampling, seeds=[seed])
        if reply.finish == "error":
            raise CasebackError(reply.error)
        moved = {name: effect.relative for name, effect in zip(on, receipt, strict=True)}
    with ExitStack() as steering:
        if on:
            # Read in one piece all of it is a prompt, so the span is told by position.
            steering.enter_context(intervene(subject.model, turned(dials, values, Span(len(prompt) - 1))))
        readings = _readings(subject, dials, [*prompt, *reply.tokens])
    answer = Answer(
        reply.text,
        reply.thinking,
        reply.finish,
        token_texts(subject, reply.tokens),
        {name: read[len(prompt) :] for name, read in readings.items()},
        moved,
    )
    return answer, {name: read[: len(prompt)] for name, read in readings.items()}


def _readings(subject: OpenSubject, dials: Sequence[Dial], ids: list[int]) -> dict[str, tuple[float, ...]]:
    if not dials:
        return {}
    [captured] = capture(subject.model, [ids], list(dict.fromkeys(dial.reads for dial in dials)))
    return {dial.name: tuple(dial.read(captured.at[dial.reads]).float().tolist()) for dial in dials}


def token_texts(subject: OpenSubject, ids: Sequence[int]) -> tuple[str, ...]:
    """The text of each token. Where one sign is spread over several tokens, all of it stands with the last of them."""
    found, held = [], []
    for place, token in enumerate(ids):
        held.append(token)
        text = subject.format.decode(held)
        if "\N{REPLACEMENT CHARACTER}" in text and len(held) < 4 and place + 1 < len(ids):
            found.append("")
            continue
        # Tokenizers of the SentencePiece kind drop the space that a text begins with.
        name = str(subject.tokenizer.convert_ids_to_tokens(held[0]) or "")
        found.append(f" {text}" if name.startswith("\N{LOWER ONE EIGHTH BLOCK}") and text[:1] != " " else text)
        held = []
    return tuple(found)


def turn_data(turn: Turn, chat: Chat, values: Mapping[str, float], sampling: Sampling, seed: int) -> dict[str, Any]:
    """A turn with what it came of, as plain data."""
    asked = {
        "chat": [dict(message) for message in chat],
        "values": {name: value for name, value in values.items() if value},
        "temperature": sampling.temperature,
        "max_new_tokens": sampling.max_new_tokens,
        "seed": seed,
    }
    return {**asked, **plain_data(turn)}


def about_data(subject: OpenSubject, dials: Sequence[Dial]) -> dict[str, Any]:
    """What the turns of a conversation have in common, as plain data: the model and its dials."""
    told = [
        {"name": d.name, "unit": d.unit, "reads": str(d.reads), "writes": str(d.writes), "most": d.most} for d in dials
    ]
    return {"kind": KIND, "version": VERSION, "subject": subject.name, "model": subject.digest, "dials": told}
