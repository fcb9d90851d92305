"""Exchanges as a gateway would carry them, and detectors to watch with."""

import json
from collections.abc import Sequence
from typing import Any

from caseback.detectors.files import detector_id
from caseback.detectors.pattern import PatternDetector
from caseback.watch.entry import Carried, Ended
from caseback.watch.verdict import Policy, Verdict
from caseback.watch.watching import Watching


def carried(
    id: str,
    reply: str | None = "Good day.",
    *,
    asked: str = "Hello.",
    time: float = 1000.0,
    ended: Ended = "whole",
    status: int = 200,
    verdicts: Sequence[Verdict] = (),
    calls: Sequence[dict[str, Any]] = (),
    **changed: Any,
) -> Carried:
    """An exchange of one question and one reply; None for no answer at all."""
    request = {"model": "m", "messages": [{"role": "user", "content": asked}]}
    message = {"role": "assistant", "content": reply, **({"tool_calls": list(calls)} if calls else {})}
    answer = {
        "model": "m-1",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4},
    }
    given: dict[str, Any] = {
        "client": "alice",
        "trace": "",
        "agent": "",
        "path": "/v1/chat/completions",
        "streamed": False,
        "request": json.dumps(request).encode(),
        "response": b"" if reply is None else json.dumps(answer).encode(),
        "first_ms": 1.5,
        "total_ms": 2.5,
    }
    return Carried(id=id, time=time, status=status, ended=ended, verdicts=tuple(verdicts), **{**given, **changed})


def pattern_watch(word: str, policy: Policy = "flag", threshold: float = 0.5) -> Watching:
    """A detector of a word in the reply."""
    detector = PatternDetector(f"says {word}", "deception", (word,))
    return Watching(detector, detector_id(detector), policy, threshold)
