"""A request for a chat completion, read and checked."""

import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from caseback.chat import Chat
from caseback.detectors.transcript import Transcript, transcript_of
from caseback.errors import CasebackError
from caseback.subject.chat_format import ChatFormat, Prompt
from caseback.subject.context import context_length
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.watch.serving.refused import RefusedError

STOPS = 4
"""Most stop strings, as OpenAI has it."""
UNSUPPORTED: Mapping[str, tuple[Any, ...]] = {
    "n": (1,),
    "best_of": (1,),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "repetition_penalty": (1,),
    "logit_bias": ({},),
    "top_logprobs": (0,),
    "top_k": (0, -1),
    "min_p": (0,),
    "functions": ([],),
    "audio": (),
    "modalities": (["text"],),
    "response_format": ({"type": "text"},),
}
"""Fields that would change the reply and are not supported, with the values that ask for nothing."""


@dataclass(frozen=True)
class Ask:
    """What is asked for.

    Attributes:
        transcript: The request's messages.
        prompt: The same as the model reads it.
        format: How this request's chat becomes a prompt and its tokens a reply.
        sampling: How to draw; the number of tokens fits the context.
        seed: Of the draws; a fresh one where none was given.
        streamed: Whether the reply is wanted as it grows.
        usage: Whether a stream is to end with token counts.
        logprobs: Whether log-probabilities are wanted.
    """

    transcript: Transcript
    prompt: Prompt
    format: ChatFormat
    sampling: Sampling
    seed: int
    streamed: bool
    usage: bool
    logprobs: bool

    @property
    def chat(self) -> Chat:
        """The messages."""
        return cast(Chat, self.transcript.messages)


def read_ask(body: Any, subject: OpenSubject, names: tuple[str, ...]) -> Ask:
    """The request in a body.

    Args:
        names: Those under which the model is asked for.

    Raises:
        RefusedError: it is malformed, asks for what is not supported or for another model, or is too long.
    """
    if not isinstance(body, Mapping):
        raise RefusedError(400, "the body must be a JSON object")
    _check_supported(body)
    if (model := body.get("model", names[0])) not in names:
        raise RefusedError(404, f"there is no model {model!r:.80}; this is {names[0]}", "model", "model_not_found")
    sampling = _sampling(body)
    options = _options(body, subject)
    try:
        transcript = transcript_of({"messages": body.get("messages")})
        form = replace(subject.format, options={**subject.format.options, **options})
        prompt = form.prompt(cast(Chat, transcript.messages))
    except CasebackError as error:
        raise RefusedError(400, str(error), "messages") from None
    if options.get("tools"):
        _check_tools_known(form, transcript, prompt)
    room = _room(subject, prompt, sampling.max_new_tokens)
    return Ask(
        transcript,
        prompt,
        form,
        replace(sampling, max_new_tokens=room),
        _whole(body, "seed", -(1 << 63), (1 << 63) - 1) if body.get("seed") is not None else secrets.randbits(31),
        _flag(body, "stream"),
        _flag(_object(body, "stream_options"), "include_usage"),
        _flag(body, "logprobs"),
    )


def _check_supported(body: Mapping[str, Any]) -> None:
    for name, without in UNSUPPORTED.items():
        if body.get(name) is not None and body[name] not in without:
            raise RefusedError(400, f"{name} is {body[name]!r:.40}: not supported here, leave it out", name)


def _sampling(body: Mapping[str, Any]) -> Sampling:
    named = "max_completion_tokens" if body.get("max_completion_tokens") is not None else "max_tokens"
    most = _whole(body, named, 1, 1 << 31) if body.get(named) is not None else 1 << 31
    stop = body.get("stop") if body.get("stop") is not None else []
    stops = [stop] if isinstance(stop, str) else stop
    if not isinstance(stops, list) or len(stops) > STOPS or not all(isinstance(each, str) and each for each in stops):
        raise RefusedError(400, f"stop must be a text or up to {STOPS} of them, none empty", "stop")
    top_p = _number(body, "top_p", 1.0, 0.0, 1.0)
    if top_p == 0:
        raise RefusedError(400, "top_p is 0; it must be above 0 and at most 1", "top_p")
    return Sampling(most, _number(body, "temperature", 1.0, 0.0, 2.0), top_p, tuple(stops))


def _options(body: Mapping[str, Any], subject: OpenSubject) -> dict[str, Any]:
    """What the template is told beside the messages."""
    options = dict(_object(body, "chat_template_kwargs"))
    if set(options) - {"enable_thinking"} or not all(isinstance(each, bool) for each in options.values()):
        raise RefusedError(
            400, "chat_template_kwargs takes enable_thinking, true or false, and nothing else", "chat_template_kwargs"
        )
    choice = body.get("tool_choice")
    if choice not in (None, "none", "auto"):
        raise RefusedError(400, f'tool_choice is {choice!r:.40}; supported are "auto" and "none"', "tool_choice")
    if (tools := body.get("tools")) and choice != "none":
        good = isinstance(tools, list) and all(
            isinstance(tool, Mapping) and tool.get("type") == "function" and isinstance(tool.get("function"), Mapping)
            for tool in tools
        )
        if not good:
            raise RefusedError(400, 'tools must be a list of {"type": "function", "function": {…}}', "tools")
        if not subject.has_template:
            raise RefusedError(400, f"{subject.name} has no chat template, so it cannot be told of tools", "tools")
        options["tools"] = tools
    return options


def _check_tools_known(form: ChatFormat, transcript: Transcript, prompt: Prompt) -> None:
    """Templates silently leave out what they do not know: then the prompt is the same without the tools."""
    options = {name: value for name, value in form.options.items() if name != "tools"}
    if replace(form, options=options).prompt(cast(Chat, transcript.messages)).text == prompt.text:
        raise RefusedError(400, "this model's chat template knows no tools: leave them out, or tell of them", "tools")


def _room(subject: OpenSubject, prompt: Prompt, wanted: int) -> int:
    if not prompt.ids:
        raise RefusedError(400, "the prompt has no tokens", "messages")
    if (limit := context_length(subject.model)) is None:
        return min(wanted, 1 << 16)
    if len(prompt.ids) >= limit:
        why = f"prompt of {len(prompt.ids)} tokens leaves no room in the context of {limit}; shorten the chat"
        raise RefusedError(400, why, "messages", "context_length_exceeded")
    return min(wanted, limit - len(prompt.ids))


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise RefusedError(400, f"{name} is {found!r:.40}; it must be an object", name)
    return found


def _flag(body: Mapping[str, Any], name: str) -> bool:
    found = body.get(name)
    if found is not None and not isinstance(found, bool):
        raise RefusedError(400, f"{name} is {found!r:.40}; it must be true or false", name)
    return bool(found)


def _whole(body: Mapping[str, Any], name: str, least: int, most: int) -> int:
    found = body[name]
    if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
        raise RefusedError(400, f"{name} is {found!r:.40}; it must be a whole number from {least} to {most}", name)
    return found


def _number(body: Mapping[str, Any], name: str, default: float, least: float, most: float) -> float:
    found = body.get(name)
    if found is None:
        return default
    if not isinstance(found, (int, float)) or isinstance(found, bool) or not math.isfinite(found):
        raise RefusedError(400, f"{name} is {found!r:.40}; it must be a number", name)
    if not least <= found <= most:
        raise RefusedError(400, f"{name} is {found}; it must be from {least:g} to {most:g}", name)
    return float(found)
