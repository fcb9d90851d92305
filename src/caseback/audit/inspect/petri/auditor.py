"""An auditor by script, in the role of Petri's auditor: it puts the situations to the target, word for word."""

from collections.abc import Iterator, Sequence
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
)
from inspect_ai.tool import ToolCall, ToolChoice, ToolInfo
from inspect_petri.target import controller

from caseback.audit.inspect.chats import chat_of
from caseback.audit.inspect.petri.seeds import situations_in
from caseback.audit.inspect.petri.turns import next_chat
from caseback.behaviours.registry import behaviour
from caseback.chat import Message
from caseback.subject.subject import Reply

Call = tuple[str, dict[str, str]]
"""A tool of the auditor's, and what it is called with."""


class ScriptedAuditor(ModelAPI):
    """Calls the auditor's tools; each answer is one turn, and depends on nothing but what has been said so far."""

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        """The next calls: what the situation says next, else the next situation in a new conversation, else the end."""
        state = controller().state
        calls = next_calls(state.metadata, input, state.messages)
        message = ChatMessageAssistant(
            content="",
            tool_calls=[
                ToolCall(id=f"{len(input)}-{i}", function=name, arguments=arguments)
                for i, (name, arguments) in enumerate(calls)
            ],
        )
        output = ModelOutput.from_message(message, stop_reason="tool_calls")
        output.usage = ModelUsage()  # without it a count of tokens would be made, which asks the network
        return output


def next_calls(metadata: Any, own: Sequence[ChatMessage], target: Sequence[ChatMessage]) -> list[Call]:
    """What the auditor does next.

    Args:
        metadata: Of the sample.
        own: The auditor's conversation so far: its calls, and what came of them.
        target: The target's conversation, in the branch that it is in.
    """
    found, situations = behaviour(metadata["behaviour"]), situations_in(metadata)
    results = [message for message in own if isinstance(message, ChatMessageTool)]
    at = sum(result.function == "restart_conversation" for result in results)
    begun = any(result.function == "resume" for result in results[_last_restart(results) :])
    failed = bool(results) and results[-1].error is not None
    replies = [Reply(message.text) for message in target if message.role == "assistant"] if begun else []
    due = None if failed else next_chat(found, situations[at], replies)
    if due is None:
        if at + 1 == len(situations):
            return [("end_conversation", {})]
        chat = situations[at + 1].messages
        return [("restart_conversation", {}), *_staged(chat, ""), ("resume", {})]
    answered = str(target[-1].id) if replies else ""
    return [*_staged(due[len(chat_of(target)) if replies else 0 :], answered), ("resume", {})]


def _staged(messages: Sequence[Message], answered: str) -> Iterator[Call]:
    """The calls that put messages before the target; ``answered`` is the id of the reply that a tool's answer is to."""
    for message in messages:
        match message["role"]:
            case "system":
                yield "set_system_message", {"system_message": message["content"]}
            case "tool":
                yield "send_tool_call_result", {"tool_call_id": answered, "result": message["content"]}
            case _:
                yield "send_message", {"message": message["content"]}


def _last_restart(results: Sequence[ChatMessageTool]) -> int:
    return max((i for i, result in enumerate(results) if result.function == "restart_conversation"), default=0)
