"""What Inspect asks of a generation, as caseback's subjects take it; what they cannot do is refused, not ignored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inspect_ai.model import GenerateConfig

from caseback.errors import CasebackError
from caseback.subject.subject import Sampling

OURS = "caseback"
"""The key of ``GenerateConfig.extra_body`` under which a request says what only an open subject can do."""
HONOURED = ("max_tokens", "temperature", "top_p", "stop_seqs", "seed", "logprobs", "extra_body")
INSPECTS_OWN = (
    "max_retries", "timeout", "attempt_timeout", "stream_idle_timeout", "max_connections", "adaptive_connections",
    "system_message", "max_tool_output", "cache", "cache_prompt", "reasoning_history", "fail_on_refusal",
    "parallel_tool_calls", "internal_tools", "extra_headers",
)  # fmt: skip
"""Settings that Inspect itself acts on, or that mean nothing without a service or tools."""


@dataclass(frozen=True)
class Asking:
    """How a request is to be answered; requests with equal ones go into one batch.

    Attributes:
        sampling: As for any subject. No temperature means 0, greedy.
        steer: Folders of directions, each with the dose to steer by.
        read: Folders of directions to score the transcript by.
        options: Answers to choose from by their likelihood, instead of writing one.
    """

    sampling: Sampling
    steer: tuple[tuple[str, float], ...] = ()
    read: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


def asking_of(config: GenerateConfig) -> Asking:
    """How to answer, from Inspect's settings.

    Raises:
        CasebackError: naming a setting that our subjects cannot honour.
    """
    given = config.model_dump(exclude_none=True)
    if given.get("num_choices") == 1:
        del given["num_choices"]
    if strange := sorted(set(given) - {*HONOURED, *INSPECTS_OWN}):
        raise CasebackError(
            f"{strange[0]} is set, which caseback's subjects cannot honour: leave it out (they take "
            f"{', '.join(HONOURED)})"
        )
    default = Sampling()
    sampling = Sampling(
        max_new_tokens=config.max_tokens or default.max_new_tokens,
        temperature=config.temperature or 0.0,
        top_p=1.0 if config.top_p is None else config.top_p,
        stop=tuple(config.stop_seqs or ()),
    )
    body = given.get("extra_body", {})
    if strange := sorted(set(body) - {OURS}):
        raise CasebackError(f"extra_body has {strange[0]!r}: caseback's subjects take {OURS!r} there and nothing else")
    return _with_extras(sampling, body.get(OURS, {}))


def _with_extras(sampling: Sampling, extras: Any) -> Asking:
    """The sampling with what stands in ``extra_body``: steer [{direction, dose}], read [folder], options [text]."""
    if not isinstance(extras, Mapping):
        raise CasebackError(f"extra_body.{OURS} is {extras!r}: write an object with steer, read or options")
    if strange := sorted(str(key) for key in set(extras) - {"steer", "read", "options"}):
        raise CasebackError(f"extra_body.{OURS} has {strange[0]!r}: there are steer, read and options")
    try:
        return Asking(
            sampling,
            tuple((str(each["direction"]), float(each["dose"])) for each in extras.get("steer", ())),
            _texts(extras, "read"),
            _texts(extras, "options"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CasebackError(
            f"extra_body.{OURS}.steer cannot be read ({type(error).__name__}: {error}): write a list such as "
            '[{"direction": "folder", "dose": 2}]'
        ) from None


def _texts(extras: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = extras.get(key, ())
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise CasebackError(f"extra_body.{OURS}.{key} is {value!r}: write a list of texts")
    return tuple(value)
