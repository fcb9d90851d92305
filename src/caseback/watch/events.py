"""Streams of server-sent events as the chat completions API writes them, and the answer that their parts make."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

TEXTS = ("content", "reasoning_content", "refusal")


def read_json(data: bytes) -> Any:
    """What JSON says. Half of a surrogate pair, which JSON can write and no encoding can, becomes a question mark.

    Raises:
        ValueError: it is none. ``RecursionError`` where it is nested too deeply.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        loose = json.loads(data, parse_constant=_no_number)
    return msgspec.json.decode(json.dumps(loose, ensure_ascii=False).encode("utf-8", "replace"))


def payloads(stream: bytes) -> tuple[list[dict[str, Any]], int]:
    """The JSON objects in a stream's ``data`` lines, and how many lines are none. ``[DONE]`` is not counted.

    A last line without an end is one that broke off, and is left out.
    """
    found: list[dict[str, Any]] = []
    bad = 0
    for line in stream.replace(b"\r\n", b"\n").split(b"\n")[:-1]:
        if not line.startswith(b"data:") or (data := line[5:].strip()) in (b"[DONE]", b""):
            continue
        try:
            each = read_json(data)
        except (ValueError, RecursionError):
            each = None
        if isinstance(each, dict):
            found.append(each)
        else:
            bad += 1
    return found, bad


def joined(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The answer that was streamed in these parts: its first choice, as it would have come whole."""
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    calls: dict[int, dict[str, Any]] = {}
    whole: dict[str, Any] = {}
    finish = None
    for part in parts:
        whole.update({name: part[name] for name in ("id", "model", "usage", "error") if part.get(name)})
        for choice in _list(part.get("choices")):
            if not isinstance(choice, dict) or choice.get("index", 0) != 0:
                continue
            finish = choice.get("finish_reason") or finish
            _add(message, calls, choice.get("delta"))
    if calls:
        message["tool_calls"] = [calls[at] for at in sorted(calls)]
    return {**whole, "choices": [{"index": 0, "message": message, "finish_reason": finish}]}


def _add(message: dict[str, Any], calls: dict[int, dict[str, Any]], delta: Any) -> None:
    if not isinstance(delta, dict):
        return
    for name in TEXTS:
        if isinstance(text := delta.get(name), str):
            message[name] = message.get(name, "") + text
    for at, call in enumerate(_list(delta.get("tool_calls"))):
        if not isinstance(call, dict):
            continue
        index = call.get("index", at)
        made = calls.setdefault(index if isinstance(index, int) else at, _no_call())
        made["id"] = call.get("id") or made["id"]
        said = call.get("function")
        for name in ("name", "arguments"):
            if isinstance(said, dict) and isinstance(text := said.get(name), str):
                made["function"][name] += text


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number in JSON")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _no_call() -> dict[str, Any]:
    return {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
