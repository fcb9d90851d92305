"""What was said, as a terminal takes it."""

import json
from collections.abc import Mapping
from typing import Any


def plain(text: str) -> str:
    """Without characters that steer a terminal."""
    return "".join(each if each.isprintable() or each in "\n\t" else "�" for each in text)


def told(message: Mapping[str, Any]) -> str:
    """A message, whatever its shape: who speaks, what is said, and the tools that are called, as JSON."""
    content, calls = message.get("content"), message.get("tool_calls")
    said = content if isinstance(content, str) else _json(content) if content else ""
    return plain(f"{message.get('role')}\n{said}" + (f"\n    calls {_json(calls)}" if calls else ""))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
