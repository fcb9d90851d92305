"""Replies as Inspect's model outputs, and back."""

from typing import Any

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessageAssistant,
    ContentReasoning,
    ModelOutput,
    ModelUsage,
    StopReason,
)

from caseback.audit.inspect.chats import assistant_content
from caseback.subject.subject import Finish, Reply

STOP_REASONS: dict[Finish, StopReason] = {"stop": "stop", "length": "max_tokens", "error": "model_length"}


def output_of(reply: Reply, model: str, thought_tokens: int = 0, metadata: dict[str, Any] | None = None) -> ModelOutput:
    """The reply as an output of ``model``, with its usage; ``thought_tokens`` of them are of its thinking.

    A reply for which the context left no room stops for ``model_length`` and has an ``error``.
    """
    message = ChatMessageAssistant(
        content=assistant_content(reply.text, reply.thinking), model=model, source="generate"
    )
    return ModelOutput(
        model=model,
        choices=[ChatCompletionChoice(message=message, stop_reason=STOP_REASONS[reply.finish])],
        usage=ModelUsage(
            input_tokens=reply.prompt_tokens,
            output_tokens=len(reply.tokens),
            total_tokens=reply.prompt_tokens + len(reply.tokens),
            reasoning_tokens=thought_tokens or None,
        ),
        metadata=metadata or None,
        error=reply.error or None,
    )


def reply_of(output: ModelOutput) -> Reply:
    """The reply in an output of any model. What was filtered, cut off before it began, or never came is an error."""
    if output.empty:
        return Reply("", finish="error", error=output.error or "no output")
    message, stopped = output.choices[0].message, output.choices[0].stop_reason
    content = [] if isinstance(message.content, str) else message.content
    thinking = "\n".join(part.reasoning for part in content if isinstance(part, ContentReasoning))
    if output.error or stopped in ("content_filter", "model_length"):
        return Reply("", thinking, "error", error=output.error or stopped)
    return Reply(message.text, thinking, "length" if stopped == "max_tokens" else "stop")
