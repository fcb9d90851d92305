"""Answers that stand in for a reply that a detector stopped or that is held, in the form that clients know."""

import json
import time
from typing import Any

import msgspec

from caseback.watch.events import joined, payloads


def whole(response: bytes, held: str = "") -> bytes:
    """A chat completion without its text that ends with ``content_filter``; ``held`` is the id to ask for it."""
    try:
        was = msgspec.json.decode(response)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        was = {}
    was = was if isinstance(was, dict) else {}
    choice = {"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "content_filter"}
    made = {**_head(was, "chat.completion"), "choices": [choice]}
    if was.get("usage"):
        made["usage"] = was["usage"]
    return json.dumps(_marked(made, held)).encode()


def last_events(stream: bytes, held: str = "") -> bytes:
    """The end of a stream that was stopped or is held; ``stream`` is what came of it."""
    parts, _ = payloads(stream)
    choice = {"index": 0, "delta": {}, "finish_reason": "content_filter"}
    made = {**_head(parts[0] if parts else {}, "chat.completion.chunk"), "choices": [choice]}
    return b"data: " + json.dumps(_marked(made, held)).encode() + b"\n\ndata: [DONE]\n\n"


def answer_of(response: bytes, streamed: bool) -> bytes:
    """A reply that was held, as one JSON object, also where it was streamed."""
    if not streamed:
        return response
    parts, _ = payloads(response)
    return json.dumps({**_head(parts[0] if parts else {}, "chat.completion"), **joined(parts)}).encode()


def _head(was: dict[str, Any], kind: str) -> dict[str, Any]:
    created = was.get("created")
    made = created if isinstance(created, int) else int(time.time())
    return {"id": str(was.get("id") or ""), "object": kind, "created": made, "model": str(was.get("model") or "")}


def _marked(made: dict[str, Any], held: str) -> dict[str, Any]:
    return {**made, "caseback": {"held": held}} if held else made
