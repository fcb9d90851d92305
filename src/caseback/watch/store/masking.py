"""Messages with personal data and secrets replaced by keyed pseudonyms.

A pseudonym is ``[email-…]`` with twelve letters of the HMAC-SHA-256 of the kind and the value: the same person has the
same pseudonym for as long as the key is the same. Letters only, so that no pattern finds it again.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from caseback.detectors.scored import Span
from caseback.watch.store.personal import Kind, is_secret_name, personal

LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
MADE = re.compile(r"\[[a-z]+-[a-p]{12}\]")
DEEPEST = 20
"""JSON within JSON text within JSON text: so far is looked."""


@dataclass(frozen=True)
class Edit:
    """Characters ``start`` to ``end`` of the text as it was became ``text``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Masked:
    """A text, and what was replaced to make it, in order."""

    text: str
    edits: tuple[Edit, ...]

    def moved(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the text as it was lies now. It grows over replacements that it touches."""
        return self._at(start, False), self._at(end, True)

    def _at(self, place: int, after: bool) -> int:
        shift = 0
        for edit in self.edits:
            if edit.end <= place:
                shift += len(edit.text) - (edit.end - edit.start)
            elif edit.start < place:
                return edit.start + shift + (len(edit.text) if after else 0)
            else:
                break
        return place + shift


@dataclass(frozen=True)
class MaskedMessages:
    """Messages, and how each of their texts came about: by message, field, and number of the tool call."""

    messages: tuple[Mapping[str, Any], ...]
    texts: Mapping[tuple[int, str, int], Masked]

    @property
    def places(self) -> int:
        """How many places were replaced."""
        return sum(len(text.edits) for text in self.texts.values())

    def span(self, span: Span) -> Span:
        """A span of the messages as they were, in the masked ones."""
        text = self.texts.get((span.message, span.field, span.call))
        if text is None or not text.edits:
            return span
        start, end = text.moved(span.start, span.end)
        return replace(span, start=start, end=end)


def pseudonym(kind: Kind, normal: str, key: bytes) -> str:
    """What stands for a value; a pseudonym for itself."""
    if MADE.fullmatch(normal):
        return normal
    made = hmac.new(key, f"{kind}\0{normal}".encode(), hashlib.sha256).hexdigest()[:12]
    return f"[{kind}-{made.translate(LETTERS)}]"


def masked(text: str, key: bytes, depth: int = 0) -> Masked:
    """The text with pseudonyms. JSON is read as such, so that no escape hides anything, and keeps its layout."""
    text = text.encode("utf-8", "replace").decode()
    edits = tuple(_in_json(text, key, depth) if depth < DEEPEST and _is_json(text) else _in_text(text, key))
    made, at = [], 0
    for edit in edits:
        made += [text[at : edit.start], edit.text]
        at = edit.end
    return Masked("".join([*made, text[at:]]) if edits else text, edits)


def masked_messages(messages: Sequence[Mapping[str, Any]], key: bytes) -> MaskedMessages:
    """All texts in messages in OpenAI form, wherever they stand."""
    texts: dict[tuple[int, str, int], Masked] = {}
    made = []
    for at, message in enumerate(messages):
        fields: dict[str, Any] = {}
        for name, value in message.items():
            if name == "tool_calls" and isinstance(value, list):
                fields[name] = [_call(call, (at, number), key, texts) for number, call in enumerate(value)]
            else:
                fields[_said(name, key)] = _value(value, (at, name, 0), key, texts)
        made.append(fields)
    return MaskedMessages(tuple(made), texts)


def _call(call: Any, where: tuple[int, int], key: bytes, texts: dict[tuple[int, str, int], Masked]) -> Any:
    said = call.get("function") if isinstance(call, dict) else None
    if not isinstance(said, dict):
        return _value(call, (where[0], "tool_calls", where[1]), key, texts)
    inner = {name: _value(value, (where[0], name, where[1]), key, texts) for name, value in said.items()}
    rest = {name: value for name, value in call.items() if name != "function"}
    return {**_value(rest, (where[0], "call", where[1]), key, texts), "function": inner}


def _value(
    value: Any, where: tuple[int, str, int], key: bytes, texts: dict[tuple[int, str, int], Masked], name: str = ""
) -> Any:
    """A value of a message with all text in it masked; ``name`` is what it goes by."""
    if isinstance(value, dict):
        return {_said(each, key): _value(inner, where, key, texts, each) for each, inner in value.items()}
    if isinstance(value, list):
        return [_value(inner, where, key, texts, name) for inner in value]
    if isinstance(value, bool) or value is None:
        return value
    text = value if isinstance(value, str) else str(value)
    if is_secret_name(name) and text:
        new = Masked(mark := pseudonym("secret", text, key), (Edit(0, len(text), mark),))
    else:
        new = masked(text, key)
    if new.edits:
        known = texts.get(where)
        texts[where] = replace(known, edits=(*known.edits, *new.edits)) if known else new
    return new.text if isinstance(value, str) or new.edits else value


def _said(name: Any, key: bytes) -> str:
    return masked(str(name), key).text


def _in_text(text: str, key: bytes) -> Iterator[Edit]:
    for found in personal(text):
        yield Edit(found.start, found.end, pseudonym(found.kind, found.normal, key))


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _in_json(text: str, key: bytes, depth: int) -> Iterator[Edit]:
    """Edits of the strings and numbers in JSON text; a string or number becomes a string."""
    name = ""
    for start, end in _literals(text):
        quoted = text[start] == '"'
        value = json.loads(text[start:end]) if quoted else text[start:end]
        if quoted and _next(text, end) == ":":
            name, secret = value, False
        else:
            secret = bool(value) and is_secret_name(name)
        if not quoted and not (secret or value.isdigit()):
            continue
        new = pseudonym("secret", value, key) if secret else masked(value, key, depth + 1).text
        if new != value:
            yield Edit(start, end, json.dumps(new, ensure_ascii=False))


def _next(text: str, at: int) -> str:
    """The next character that is no space."""
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return text[at : at + 1]


def _literals(text: str) -> Iterator[tuple[int, int]]:
    """Where the strings and numbers of JSON text lie."""
    import re2

    for match in re2.finditer(r'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*', text):
        yield match.span()
