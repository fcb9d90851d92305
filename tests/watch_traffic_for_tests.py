"""Traffic in a store, for tests: rows as the writer leaves them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from caseback.detectors.known import Calibration, OperatingPoint
from caseback.stats.auroc import Auroc
from caseback.stats.rate import exact_rate
from caseback.stats.threshold import set_threshold
from caseback.watch.store.store import Store

DIGEST = "d" * 64


def add_detector(
    store: Store, name: str = "insults", digest: str = DIGEST, behaviour: str = "insult", threshold: float = 1.0,
    clauses: Sequence[str] = ("kind",), first_seen: float = 0.0, policy: str = "flag",
) -> int:  # fmt: skip
    """A detector that has had its say; its number."""
    [row] = store.query("SELECT COALESCE(MAX(number), 0) AS n FROM detectors")
    store.execute(
        "INSERT INTO detectors (number, digest, name, behaviour, needs, clauses, policy, threshold, first_seen,"
        " last_seen) VALUES (?, ?, ?, ?, 'text', ?, ?, ?, ?, ?)",
        [row["n"] + 1, digest, name, behaviour, json.dumps(list(clauses)), policy, threshold, first_seen, first_seen],
    )
    return int(row["n"]) + 1


def add_exchanges(
    store: Store,
    scores: Sequence[float | None],
    *,
    detector: int = 1,
    threshold: float = 1.0,
    start: float = 1000.0,
    step: float = 1.0,
    traces: Sequence[str] | None = None,
    agents: Sequence[str] | None = None,
    models: Sequence[str] | None = None,
    messages: Sequence[Sequence[Mapping[str, Any]]] | None = None,
    times: Sequence[float] | None = None,
    ended: str = "whole",
) -> list[str]:
    """One exchange a score, in order; None was not evaluated. Their ids."""
    [row] = store.query("SELECT COALESCE(MAX(number), 0) AS n FROM exchanges")
    ids, exchanges, verdicts, texts = [], [], [], []
    for at, score in enumerate(scores):
        number = int(row["n"]) + 1 + at
        flagged = score is not None and score > threshold
        ids.append(f"x{number:09d}")
        time = times[at] if times else start + at * step
        exchanges.append(
            [number, ids[-1], time, "g", "client", traces[at] if traces else "", agents[at] if agents else "",
             "/v1/chat/completions", models[at] if models else "m", 200, ended, "stop", 0, 2, None, None, None, 1.0, "",
             int(flagged)]
        )  # fmt: skip
        verdicts.append(
            [number, detector, "flag", threshold, score, "" if score is not None else "too long", int(flagged), ""]
        )
        if messages:
            texts.append([number, json.dumps(list(messages[at])), 0])
    with store.transaction():
        store.many(
            "INSERT INTO exchanges (number, id, time, gateway, client, trace, agent, path, model, status, ended,"
            " finish, streamed, messages, prompt_tokens, reply_tokens, first_ms, total_ms, unread, flags)"
            f" VALUES ({', '.join('?' * 20)})",
            exchanges,
        )
        store.many(
            "INSERT INTO verdicts (exchange, detector, policy, threshold, score, why, flagged, member)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            verdicts,
        )
        if texts:
            store.many("INSERT INTO texts (exchange, messages, masked) VALUES (?, ?, ?)", texts)
    return ids


def calibration(recall: tuple[int, int] = (95, 100), negatives: int = 10_000, target: float = 0.001) -> Calibration:
    """A calibration with scores from 0 to 1 of the innocent, and a threshold at the target."""
    scores = [at / negatives for at in range(negatives)]
    threshold = set_threshold(scores, [str(at) for at in range(negatives)], target)
    point = OperatingPoint(threshold, exact_rate(*recall))
    return Calibration("data", (point,), Auroc(0.99, 0.98, 1.0, recall[1], negatives, recall[1]), tuple(scores), 0, 0)


def live_threshold(known: Calibration) -> float:
    """The calibration's threshold: what is above it is flagged."""
    return known.points[0].threshold.value
