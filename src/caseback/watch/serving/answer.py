"""Answers in the form of OpenAI's chat completions, with what the detectors said in a field of their own."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from caseback.subject.subject import Reply
from caseback.watch.serving.ask import Ask
from caseback.watch.serving.pool import Floats
from caseback.watch.serving.seat import Seat
from caseback.watch.serving.ticket import Grown
from caseback.watch.serving.watched import Watched
from caseback.watch.verdict import Verdict, above

DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, eq=False)
class Form:
    """How one exchange is answered: its id, the model's name, what was asked, and whether scores are shown."""

    exchange: str
    model: str
    ask: Ask
    watched: Watched
    scores: bool
    created: int

    def head(self, kind: str) -> dict[str, Any]:
        """What every answer and every part of one begins with."""
        return {"id": f"chatcmpl-{self.exchange}", "object": kind, "created": self.created, "model": self.model}


def form(exchange: str, model: str, ask: Ask, watched: Watched, scores: bool) -> Form:
    """The form of an answer that begins now."""
    return Form(exchange, model, ask, watched, scores, int(time.time()))


def whole(form: Form, seat: Seat, reply: Reply, finish: str, pieces: Sequence[str], said: Sequence[Verdict]) -> bytes:
    """An answer in one piece."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.thinking:
        message["reasoning_content"] = reply.thinking
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
    if form.ask.logprobs:
        choice["logprobs"] = _logprobs(pieces, reply.logprobs)
    made = {**form.head("chat.completion"), "choices": [choice], "usage": usage(reply)}
    if form.scores:
        read: list[Floats | None] = [*seat.scores]
        read += [None] * (len(reply.tokens) - len(read))
        tokens = {"tokens": list(pieces), "scores": token_scores(form.watched, read)}
        made["caseback"] = {**_ended(form, said), **tokens}
    return msgspec.json.encode(made)


def first_event(form: Form) -> bytes:
    """The begin of a stream."""
    return _event(form, {"role": "assistant", "content": ""})


def event(form: Form, delta: dict[str, str], grown: Grown, pieces: Sequence[str]) -> bytes:
    """A part of a stream."""
    logprobs = _logprobs(pieces, grown.logprobs) if form.ask.logprobs else None
    shown = None
    if form.scores:
        flagged = flagged_so_far(form.watched, grown.pools)
        shown = {"tokens": list(pieces), "scores": token_scores(form.watched, grown.scores), "flagged": flagged}
    return _event(form, delta, logprobs=logprobs, caseback=shown)


def last_events(form: Form, reply: Reply, finish: str, said: Sequence[Verdict]) -> bytes:
    """The end of a stream."""
    made = _event(form, {}, finish=finish, caseback=_ended(form, said) if form.scores else None)
    if form.ask.usage:
        made += _data({**form.head("chat.completion.chunk"), "choices": [], "usage": usage(reply)})
    return made + DONE


def error_event(error: dict[str, Any]) -> bytes:
    """The end of a stream that broke off."""
    return _data(error)


def usage(reply: Reply) -> dict[str, int]:
    """Token counts."""
    prompt, made = reply.prompt_tokens, len(reply.tokens)
    return {"prompt_tokens": prompt, "completion_tokens": made, "total_tokens": prompt + made}


def token_scores(watched: Watched, scores: Sequence[Floats | None]) -> dict[str, list[float | None]]:
    """By detector one score per token; None of a token that was not read, or whose score is no number."""
    rows = [None if each is None else each.tolist() for each in scores]
    return {
        name: [None if row is None or row[number] != row[number] else row[number] for row in rows]
        for number, name, _ in watched.shown
    }


def flagged_so_far(watched: Watched, pools: Floats | None) -> list[str]:
    """Detectors that would flag the reply if it ended here."""
    return [] if pools is None else [name for number, name, limit in watched.shown if above(pools[number], limit)]


def plain_verdict(verdict: Verdict) -> dict[str, Any]:
    """A verdict as a client reads it, without the scores of tokens."""
    return {
        "detector": verdict.detector,
        "digest": verdict.digest,
        "policy": verdict.policy,
        "threshold": verdict.threshold,
        "score": verdict.scored.score,
        "why": verdict.scored.why,
        "flagged": verdict.flagged,
    }


def _ended(form: Form, said: Sequence[Verdict]) -> dict[str, Any]:
    return {
        "exchange": form.exchange,
        "verdicts": [plain_verdict(each) for each in said],
        "flagged": [each.detector for each in said if each.flagged],
    }


def _event(form: Form, delta: dict[str, str], finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    if more.get("logprobs") is not None:
        choice["logprobs"] = more["logprobs"]
    made = {**form.head("chat.completion.chunk"), "choices": [choice]}
    if more.get("caseback") is not None:
        made["caseback"] = more["caseback"]
    return _data(made)


def _data(made: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(made) + b"\n\n"


def _logprobs(pieces: Sequence[str], logprobs: Sequence[float]) -> dict[str, Any]:
    content = [
        {"token": piece, "logprob": logprob, "bytes": list(piece.encode()), "top_logprobs": []}
        for piece, logprob in zip(pieces, logprobs, strict=True)
    ]
    return {"content": content, "refusal": None}
