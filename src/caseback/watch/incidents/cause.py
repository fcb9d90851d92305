"""What a flagged exchange may have in common with others."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from caseback.detectors.scored import Span
from caseback.watch.incidents.similar import Signature, bands, signature

Grouped = Literal["trace", "matched", "text", "alone"]
SHOWN = 200
"""Characters of a cause that are kept."""


@dataclass(frozen=True)
class Cause:
    """By what an exchange is grouped.

    Attributes:
        grouped: ``trace``: with the others of its trace; ``matched``: with those in which the same was found;
            ``text``: with those that read alike; ``alone``: with none, since nothing is left to compare.
        shown: For people. It may hold what was said, so it is not kept but made anew while the text is there.
        keys: Of which it shares one with others of its group; nothing that was said can be read from them.
        signature: Of what was said; None where the text is gone.
    """

    grouped: Grouped
    shown: str
    keys: tuple[str, ...]
    signature: Signature | None


def cause_of(trace: str, messages: Sequence[Mapping[str, Any]] | None, spans: Sequence[Span]) -> Cause:
    """The cause, the surest first: one trace is one incident; else what a pattern found; else what was said."""
    said = text_of(messages) if messages else ""
    signed = signature(said) if said else None
    if trace:
        return Cause("trace", f"trace {trace}"[:SHOWN], (f"trace {trace}",), signed)
    found = matched(messages or (), spans)
    if found:
        shown = " … ".join(found)
        return Cause("matched", shown[:SHOWN], (f"matched {_hashed(normal(shown))}",), signed)
    if signed is None:
        return Cause("alone", "its text is gone", (), None)
    return Cause("text", said[:SHOWN], tuple(f"text {band}" for band in bands(signed)), signed)


def text_of(messages: Sequence[Mapping[str, Any]]) -> str:
    """What was asked last and what was answered, with what was thought and called."""
    asked = [at for at, message in enumerate(messages) if message.get("role") == "user"]
    parts: list[str] = []
    for message in messages[asked[-1] if asked else -1 :]:
        parts += [str(message[name]) for name in ("content", "reasoning_content") if message.get(name)]
        parts += [str(call.get("function", {}).get("arguments", "")) for call in message.get("tool_calls") or ()]
    return "\n".join(parts)


def matched(messages: Sequence[Mapping[str, Any]], spans: Sequence[Span]) -> list[str]:
    """The texts in the places that a detector found."""
    found = []
    for span in spans:
        if span.message >= len(messages):
            continue
        message = messages[span.message]
        if span.field == "arguments":
            calls = message.get("tool_calls") or ()
            text = str(calls[span.call].get("function", {}).get("arguments", "")) if span.call < len(calls) else ""
        else:
            text = str(message.get(span.field) or "")
        if part := text[span.start : span.end].strip():
            found.append(part)
    return found


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def normal(text: str) -> str:
    """The same for texts that differ in case, spaces and numbers alone."""
    return re.sub(r"\d+", "0", " ".join(text.casefold().split()))[:1000]
