"""Exchanges as a gateway would carry them, detectors to watch with, and a writer that runs until all is kept."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from caseback.detectors.files import detector_id
from caseback.detectors.pattern import PatternDetector
from caseback.watch.entry import Carried, Ended, Entry, Opened
from caseback.watch.journal import Journal, journal_files
from caseback.watch.store.store import Store
from caseback.watch.verdict import Policy, Verdict
from caseback.watch.watching import Watching
from caseback.watch.writer.keeping import Keeping
from caseback.watch.writer.run import run


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


def journal_of(folder: Path, entries: Iterable[Entry], *, gateway: str = "g1", close: bool = True) -> Journal:
    """A gateway's journal with these entries, given up to the reader with ``close``."""
    journal = Journal(folder, gateway)
    journal.append(Opened(gateway, 999.0, "http://127.0.0.1:1"))
    for entry in entries:
        journal.append(entry)
    if close:
        journal.close()
    return journal


def written(folder: Path, store: Store, watching: Sequence[Watching] = (), **keeping: Any) -> None:
    """Runs a writer until no file of the journal is left."""
    keep = Keeping(folder.parent / "pseudonyms.key", **{"batch_s": 0.0, "sweep_s": float("inf"), **keeping})
    run(folder, store, watching, keep, lambda: not journal_files(folder), now=lambda: 0.0)
