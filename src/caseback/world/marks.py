"""Where the latent variables of a situation stand in its chat: by character, and by token of a subject's prompt."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caseback.chat import Chat, Message
from caseback.errors import CasebackError
from caseback.subject.chat_format import ChatFormat
from caseback.subject.span import Span


@dataclass(frozen=True)
class Mark:
    """The value of a latent variable, in message number ``message`` from character ``start`` up to ``stop``."""

    name: str
    message: int
    start: int
    stop: int


def texts_of(latents: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The latent variables that are texts, or lists of texts, and so can stand in a chat; longest text first."""
    found = {}
    for name, value in latents.items():
        texts = (value,) if isinstance(value, str) else value if isinstance(value, (list, tuple)) else ()
        wanted = [text for text in texts if isinstance(text, str) and text.strip()]
        if wanted and len(wanted) == len(texts):
            found[name] = tuple(sorted(wanted, key=lambda text: (-len(text), text)))
    return found


def marks(chat: Sequence[Message], latents: Mapping[str, Any]) -> list[Mark]:
    """Every place where a latent variable's text stands in the chat as whole words, whatever its capitals.

    Marks of several variables may overlap: the false value stands inside the false statement.
    """
    found = set()
    for name, texts in texts_of(latents).items():
        for text in texts:
            pattern = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)", re.IGNORECASE)
            for number, message in enumerate(chat):
                for place in pattern.finditer(message["content"]):
                    found.add((number, place.start(), place.end(), name))
    return [Mark(name, number, start, stop) for number, start, stop, name in sorted(found)]


def token_spans(format: ChatFormat, chat: Chat, found: Sequence[Mark]) -> list[tuple[str, Span]]:
    """The marks as spans of tokens of the subject's prompt for this chat, in their order.

    A token that a mark covers in part belongs to it.

    Raises:
        CasebackError: the tokenizer does not say where its tokens stand, or the template rewrites what was said.
    """
    prompt = format.prompt(chat)
    try:
        encoded = format.tokenizer(prompt.text, add_special_tokens=not format.has_template, return_offsets_mapping=True)
    except NotImplementedError:
        raise CasebackError("this tokenizer does not say where its tokens stand; load its fast version") from None
    starts, place = [], 0
    for message in chat:
        place = prompt.text.find(message["content"], place)
        if place < 0:
            raise CasebackError(f"the chat template rewrites the {message['role']}'s words: no place can be told in it")
        starts.append(place)
        place += len(message["content"])
    spans = []
    for mark in found:
        start, stop = starts[mark.message] + mark.start, starts[mark.message] + mark.stop
        inside = [i for i, (a, b) in enumerate(encoded["offset_mapping"]) if a < stop and b > start]
        spans.append((mark.name, Span(inside[0], inside[-1] + 1)))
    return spans
