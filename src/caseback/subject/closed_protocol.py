"""The OpenAI-compatible chat protocol: requests written, answers and refusals read."""

import json
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from caseback.chat import Chat, begun_thinking
from caseback.errors import CasebackError
from caseback.subject.subject import Finish, Reply, Sampling

PASSING = {408, 409, 425, 429}
"""Refusals that mend by themselves, as do all of 500 and above."""
OPTIONAL = ("logprobs", "seed", "max_tokens")
"""What not every address takes: left out, or put under its newer name, where the address says so."""


class UnansweredError(Exception):
    """No answer this time; ``wait``: seconds that the other side asked for."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


class RefusalError(Exception):
    """This one request is refused for good; others need not be."""


def request_body(model: str, chat: Chat, sampling: Sampling, seed: int) -> dict[str, Any]:
    """The request for one reply. Thinking of earlier turns is not sent; a tool's words go as a user's.

    Thinking that the chat ends with goes as the beginning of the reply, with the fields by which vLLM and SGLang go on
    from there; an address that does not know them refuses, or begins anew.
    """
    if not chat:
        raise CasebackError("an empty chat: give it at least one message")
    roles = {"tool": "user"}
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": roles.get(m["role"], m["role"]), "content": m["content"]} for m in chat],
        "max_tokens": sampling.max_new_tokens,
        "temperature": sampling.temperature,
        "seed": seed,
        "logprobs": True,
    }
    if thought := begun_thinking(chat):
        body["messages"][-1]["content"] = f"<think>\n{thought}"
        body |= {"continue_final_message": True, "add_generation_prompt": False}
    if sampling.top_p < 1:
        body["top_p"] = sampling.top_p
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    return body


def read_reply(text: str, begun: bool = False) -> tuple[Reply, int]:
    """A reply out of an answer's JSON, and its number of tokens. ``begun``: its thinking was begun by the request.

    Raises:
        UnansweredError: the answer is not of this protocol.
        RefusalError: a filter on the other side held the answer back.
    """
    try:
        answer = json.loads(text)
        choice = answer["choices"][0]
        message = choice["message"]
        content = message.get("content") or ""
        thinking = message.get("reasoning_content") or message.get("reasoning") or ""
        usage = answer.get("usage") or {}
        prompt_tokens, reply_tokens = int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0)
        listed = (choice.get("logprobs") or {}).get("content") or []
        logprobs = tuple(float(token["logprob"]) for token in listed)
        if not isinstance(content, str) or not isinstance(thinking, str):
            raise TypeError("content is not text")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise UnansweredError(f"an answer that is not of the chat protocol: {text[:80]!r}") from None
    if choice.get("finish_reason") == "content_filter":
        raise RefusalError("a content filter at the address held the reply back")
    if not thinking and content.lstrip().startswith("<think>"):
        thinking, _, content = content.lstrip().removeprefix("<think>").partition("</think>")
    finish: Finish = "length" if choice.get("finish_reason") == "length" else "stop"
    if begun and not thinking and ("</think>" in content or finish == "length"):
        thinking, _, content = content.partition("</think>")
    reply = Reply(
        text=content.lstrip("\n").rstrip(),
        thinking=thinking.strip(),
        finish=finish,
        logprobs=logprobs,
        prompt_tokens=prompt_tokens,
    )
    return reply, reply_tokens


def refusal(
    address: str, model: str, status: int, text: str, wait: float | None, sent: Mapping[str, Any]
) -> tuple[Exception, str | None]:
    """What an HTTP status other than 200 means: the error to raise, or the request field to do without."""
    said = _message(text)
    if status in PASSING or status >= 500:
        return UnansweredError(f"HTTP {status}: {said}", wait), None
    if status in (400, 422):
        if "context" in text and "length" in text:
            return RefusalError(f"HTTP {status}: {said}"), None
        for name in OPTIONAL:
            if name in sent and name in text:
                return RefusalError(said), name
    remedies = {
        401: "set OPENAI_API_KEY to a valid key",
        403: "use a key that may use this model",
        404: f"check the address and the model name {model!r}",
    }
    remedy = remedies.get(status, "mend the request")
    return CasebackError(f"{address} refuses (HTTP {status}: {said}); {remedy}"), None


def retry_after(header: str | None) -> float | None:
    """Seconds to wait by a Retry-After header, which gives seconds or a date."""
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return None


def _message(text: str) -> str:
    """What an error body says, in one line."""
    try:
        said = json.loads(text)["error"]
        text = said["message"] if isinstance(said, dict) else str(said)
    except (ValueError, KeyError, TypeError):
        pass
    return " ".join(str(text).split())[:200]
