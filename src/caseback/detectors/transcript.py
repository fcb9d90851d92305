"""A transcript: messages in OpenAI form, tool calls among them, and what is known about it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from caseback.chat import Role
from caseback.errors import CasebackError
from caseback.interp.part import Part

Field = Literal["content", "reasoning_content", "arguments"]
ROLES = get_args(Role)
TEXTS = ("content", "reasoning_content", "name", "tool_call_id")


@dataclass(frozen=True)
class Transcript:
    """A chat as it went.

    Attributes:
        messages: each with ``role`` and ``content``; ``reasoning_content``, ``name``, ``tool_call_id`` and
            ``tool_calls`` where there are any. ``transcript_of`` makes them from looser forms.
        label: whether the behaviour is in it, where that is known.
        family: what is kept together when intervals are made.
    """

    messages: tuple[Mapping[str, Any], ...]
    label: bool | None = None
    family: str = ""

    def __post_init__(self) -> None:
        if not self.messages:
            raise CasebackError("a transcript without messages: give at least one")
        for at, message in enumerate(self.messages):
            if not isinstance(message, Mapping) or message.get("role") not in ROLES:
                raise CasebackError(f"message {at} needs a role out of {', '.join(ROLES)}")
            if "content" not in message or any(not isinstance(message.get(name, ""), str) for name in TEXTS):
                raise CasebackError(f"message {at} needs content, and its texts must be text")
            for call in message.get("tool_calls", ()):
                said = call.get("function") if isinstance(call, Mapping) else None
                texts = [said.get("name"), said.get("arguments")] if isinstance(said, Mapping) else [None]
                if not all(isinstance(text, str) for text in texts):
                    raise CasebackError(f"message {at}: a tool call needs function.name and function.arguments as text")

    @property
    def reply(self) -> Mapping[str, Any] | None:
        """The last message where it is the assistant's."""
        return self.messages[-1] if self.messages[-1]["role"] == "assistant" else None

    def places(self, part: Part) -> range:
        """Numbers of the messages of a part; empty where there is none."""
        replied = len(self.messages) - (self.reply is not None)
        starts = {"prompt": 0, "turn": max(replied - 1, 0), "reply": replied}
        return range(starts[part], len(self.messages) if part == "reply" else replied)


def texts_of(message: Mapping[str, Any], field: Field) -> list[str]:
    """The texts of a field that are not blank: one, none, or the arguments of each tool call."""
    if field == "arguments":
        return [call["function"]["arguments"] for call in message.get("tool_calls", ())]
    return [message[field]] if message.get(field, "").strip() else []


def transcript_of(data: Any) -> Transcript:
    """A transcript from ``{"messages": […], "label": …, "family": …}`` as APIs and their logs write it.

    Content may be null or a list of text parts, arguments may be an object, ``developer`` counts as ``system``. Half of
    a surrogate pair, which no encoding takes, becomes a question mark.

    Raises:
        CasebackError: it is none, with the number of the message that is at fault, and nothing of what it says: the
            watch keeps this longer than texts.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("messages"), Sequence):
        raise CasebackError('no transcript: write {"messages": [{"role": …, "content": …}, …]}')
    label, family = data.get("label"), data.get("family", "")
    if not (label is None or isinstance(label, bool)) or not isinstance(family, str):
        raise CasebackError(f"label {label!r:.20} must be true, false or left out, and family {family!r:.20} text")
    return Transcript(tuple(_message(each, at) for at, each in enumerate(data["messages"])), label, family)


def _message(given: Any, at: int) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise CasebackError(f"message {at} must be an object")
    kept = {name: given[name] for name in ("role", *TEXTS, "tool_calls") if given.get(name) is not None}
    content = kept.get("content", "")
    if isinstance(content, list):
        parts = [part["text"] for part in content if isinstance(part, Mapping) and isinstance(part.get("text"), str)]
        if len(parts) != len(content):
            raise CasebackError(f"message {at} has content that is no text: only text is read")
        content = "\n".join(parts)
    role = "system" if kept.get("role") == "developer" else kept.get("role")
    made: dict[str, Any] = {**kept, "role": role, "content": content}
    if not isinstance(calls := kept.get("tool_calls", []), list):
        raise CasebackError(f"message {at}: tool_calls must be a list")
    if calls:
        made["tool_calls"] = [_call(call) for call in calls]
    return {name: _clean(value) if isinstance(value, str) else value for name, value in made.items()}


def _call(given: Any) -> Any:
    """A tool call with its arguments as text; what is none stays as it is, and is refused later."""
    said = given.get("function") if isinstance(given, Mapping) else None
    if not isinstance(said, Mapping):
        return given
    arguments = said.get("arguments", "")
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    kept = {"name": said.get("name"), "arguments": _clean(text)}
    return {"id": str(given.get("id", "")), "type": "function", "function": kept}


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
