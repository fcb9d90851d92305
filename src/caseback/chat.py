"""Chats as everything in caseback passes them on: lists of messages in OpenAI form."""

from collections.abc import Sequence
from typing import Literal, NotRequired, TypedDict

Role = Literal["system", "user", "assistant", "tool"]


class Message(TypedDict):
    """One message. ``reasoning_content`` holds an assistant's thinking, kept apart from what it says."""

    role: Role
    content: str
    reasoning_content: NotRequired[str]


Chat = Sequence[Message]


def system(content: str) -> Message:
    """A system message."""
    return {"role": "system", "content": content}


def user(content: str) -> Message:
    """A user message."""
    return {"role": "user", "content": content}


def assistant(content: str) -> Message:
    """An assistant message."""
    return {"role": "assistant", "content": content}


def with_system(chat: Chat, content: str) -> list[Message]:
    """The chat with ``content`` put before any system text it already has, in one system message."""
    if chat and chat[0]["role"] == "system":
        return [system(f"{content}\n\n{chat[0]['content']}"), *chat[1:]]
    return [system(content), *chat]


def transcript(chat: Chat) -> str:
    """The chat as plain lines, ``User: …`` and ``Assistant: …``, for prompts that quote it."""
    return "\n".join(f"{message['role'].capitalize()}: {message['content']}" for message in chat)


def begun_thinking(chat: Chat) -> str:
    """The thinking that a chat ends with, to be gone on with; empty where it ends otherwise."""
    last = chat[-1]
    return last.get("reasoning_content", "") if last["role"] == "assistant" and not last["content"] else ""
