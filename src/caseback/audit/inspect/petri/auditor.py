"""An auditor by script, in the role of Petri's auditor: it puts the situation to the target, word for word."""

from collections.abc import Iterator, Mapping, Sequence
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

from caseback.audit.inspect.petri.seeds import situation_in
from caseback.audit.inspect.petri.turns import next_chat
from caseback.behaviours.registry import behaviour
from caseback.chat import Message
from caseback.subject.subject import Reply

Call = tuple[str, dict[str, str]]
"""A tool of the auditor's, and what it is called with."""


class ScriptedAuditor(ModelAPI):
    """Calls the auditor's tools, a turn of the target's at a time; what it calls depends on nothing but the target's
    conversation so far."""

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        """The next calls: what the situation says next, else the end."""
        last = input[-1]
        failed = isinstance(last, ChatMessageTool) and last.error is not None
        state = controller().state
        calls = [("end_conversation", {})] if failed else next_calls(state.metadata, state.messages)
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


def next_calls(metadata: Mapping[str, Any], target: Sequence[ChatMessage]) -> list[Call]:
    """What the auditor does next.

    Args:
        metadata: Of the sample, as ``seeds_of`` makes it.
        target: The target's conversation so far.
    """
    replies = [Reply(message.text) for message in target if message.role == "assistant"]
    due = next_chat(behaviour(metadata["behaviour"]), situation_in(metadata), replies)
    if due is None:
        return [("end_conversation", {})]
    answered = str(target[-1].id) if target else ""
    return [*_staged(due[len(target) :], answered), ("resume", {})]


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
