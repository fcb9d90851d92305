"""An exchange, read from the bytes that went: what was asked, and what was answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caseback.detectors.transcript import Transcript, transcript_of
from caseback.errors import CasebackError
from caseback.watch.entry import Carried, Ended
from caseback.watch.events import joined, payloads, read_json
from caseback.watch.verdict import Verdict

LARGEST = 1 << 53
"""A count of tokens from here on is none."""


@dataclass(frozen=True)
class Exchange:
    """What was asked and answered.

    Attributes:
        id: As in ``Carried``, and so ``time``, ``client``, ``trace``, ``agent``, ``status``, ``ended``, ``streamed``,
            ``first_ms``, ``total_ms`` and ``verdicts``.
        model: As the answer names it, or else the request.
        messages: The request's messages and, last, the reply as far as there is one, in OpenAI form.
        replied: Whether the last message is a reply.
        finish: Why the reply ended, as the answer says: ``stop``, ``length``, ``tool_calls``, ``content_filter``;
            empty where it does not say.
        prompt_tokens: As the answer counts them; None where it does not.
        reply_tokens: As the answer counts them; None where it does not.
        unread: Why what was asked or answered could not be read; empty where it could.
    """

    id: str
    time: float
    client: str
    trace: str
    agent: str
    model: str
    messages: tuple[Mapping[str, Any], ...]
    replied: bool
    finish: str
    status: int
    ended: Ended
    streamed: bool
    prompt_tokens: int | None
    reply_tokens: int | None
    first_ms: float | None
    total_ms: float
    verdicts: tuple[Verdict, ...] = ()
    unread: str = ""


def exchange_of(carried: Carried) -> Exchange:
    """The exchange in what was carried. Never fails: what cannot be read is said in ``unread``."""
    unread = [f"{carried.left_out} bytes of the answer were not kept"] if carried.left_out else []
    asked = _object(carried.request, "request", unread)
    answer = _answer(carried, unread)
    choice = _first(answer.get("choices"))
    reply = choice.get("message")
    messages = asked.get("messages")
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        messages = []
        unread.append("the request has no messages")
    replied = isinstance(reply, dict) and bool(reply.get("content") or reply.get("tool_calls"))
    usage = answer.get("usage")
    return Exchange(
        id=carried.id,
        time=carried.time,
        client=carried.client,
        trace=carried.trace,
        agent=carried.agent,
        model=str(answer.get("model") or asked.get("model") or ""),
        messages=(*messages, {"role": "assistant", **reply} if isinstance(reply, dict) else {})[
            : len(messages) + replied
        ],
        replied=replied,
        finish=str(choice.get("finish_reason") or ""),
        status=carried.status,
        ended=carried.ended,
        streamed=carried.streamed,
        prompt_tokens=_count(usage, "prompt_tokens"),
        reply_tokens=_count(usage, "completion_tokens"),
        first_ms=carried.first_ms,
        total_ms=carried.total_ms,
        verdicts=carried.verdicts,
        unread="; ".join(unread),
    )


def transcript(exchange: Exchange) -> Transcript:
    """What detectors read; each trace is a family of its own.

    Raises:
        CasebackError: it is none, with the reason. The exchange is then not told, and not clean.
    """
    if exchange.unread:
        raise CasebackError(exchange.unread)
    if not exchange.replied:
        raise CasebackError(f"no reply to read: {exchange.ended}, status {exchange.status}")
    return transcript_of({"messages": list(exchange.messages), "family": exchange.trace})


def _answer(carried: Carried, unread: list[str]) -> dict[str, Any]:
    if not carried.response:
        return {}
    if carried.streamed:
        parts, bad = payloads(carried.response)
        if bad:
            unread.append(f"{bad} events of the answer are no JSON")
        answer = joined(parts)
    else:
        answer = _object(carried.response, "answer", unread)
        parts = [answer]
    if (replies := _replies(parts)) > 1:
        unread.append(f"{replies} replies in one answer, of which only the first is read")
    return answer


def _replies(parts: Sequence[dict[str, Any]]) -> int:
    """How many replies an answer has; those of a stream come in parts."""
    found = [each for part in parts if isinstance(choices := part.get("choices"), list) for each in choices]
    numbers = {each["index"] for each in found if isinstance(each, dict) and isinstance(each.get("index"), int)}
    return max(len(numbers), len(found) if len(parts) == 1 else 0)


def _object(body: bytes, what: str, unread: list[str]) -> dict[str, Any]:
    try:
        found = read_json(body)
    except (ValueError, RecursionError) as error:
        unread.append(f"the {what} is no JSON ({error})"[:200])
        return {}
    if not isinstance(found, dict):
        unread.append(f"the {what} is no object")
        return {}
    return found


def _first(choices: Any) -> dict[str, Any]:
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}


def _count(usage: Any, name: str) -> int | None:
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < LARGEST else None
