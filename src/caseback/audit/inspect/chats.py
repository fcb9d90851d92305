"""Chats as Inspect passes them on, and as caseback does."""

from collections.abc import Iterable, Sequence
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    Content,
    ContentReasoning,
    ContentText,
)

from caseback.chat import Chat, Message
from caseback.errors import CasebackError


def chat_of(messages: Iterable[ChatMessage]) -> list[Message]:
    """The chat, an assistant's reasoning kept apart from what it says.

    Raises:
        CasebackError: a message holds something other than text, or calls tools.
    """
    return [_message(message) for message in messages]


def inspect_chat(chat: Chat) -> list[ChatMessage]:
    """The chat in Inspect's classes."""
    return [_inspect_message(message) for message in chat]


def assistant_content(text: str, thinking: str) -> str | list[Content]:
    """What an assistant's message holds: the text, after its reasoning where there is some."""
    return [ContentReasoning(reasoning=thinking), ContentText(text=text)] if thinking else text


def _message(message: ChatMessage) -> Message:
    if getattr(message, "tool_calls", None):
        raise CasebackError("a message calls tools: caseback's subjects take plain chats; leave the tools out")
    parts: Sequence[Any] = [message.content] if isinstance(message.content, str) else message.content
    said, thought = [], []
    for part in parts:
        if isinstance(part, str):
            said.append(part)
        elif isinstance(part, ContentText):
            said.append(part.text)
        elif isinstance(part, ContentReasoning):
            thought.append(part.reasoning)
        else:
            raise CasebackError(f"a {message.role} message holds {part.type}: caseback's subjects read text only")
    found: Message = {"role": message.role, "content": "\n".join(said)}
    if thought and message.role == "assistant":
        found["reasoning_content"] = "\n".join(thought)
    return found


def _inspect_message(message: Message) -> ChatMessage:
    role, content = message["role"], message["content"]
    if role == "assistant":
        return ChatMessageAssistant(content=assistant_content(content, message.get("reasoning_content", "")))
    kinds = {"system": ChatMessageSystem, "user": ChatMessageUser, "tool": ChatMessageTool}
    return kinds[role](content=content)
