"""Agents that share a trace, watched as one system: one transcript of all of them, and verdicts on that."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from caseback.detectors.transcript import Transcript, transcript_of
from caseback.errors import CasebackError
from caseback.watch.incidents.cause import cause_of
from caseback.watch.incidents.gather import add
from caseback.watch.rates.drawing import REFUSED
from caseback.watch.store.store import Store
from caseback.watch.verdict import Verdict
from caseback.watch.watching import Watching, verdict

MOST = 500
"""Exchanges of a trace that are read, the latest; what came before them is not."""
PAGE = 500
CURSOR = "traces"


@dataclass(frozen=True)
class Turn:
    """An exchange of a trace: who asked, and all its messages, those of earlier turns among them."""

    agent: str
    messages: Sequence[Mapping[str, Any]]


def joined(turns: Iterable[Turn]) -> list[dict[str, Any]]:
    """One list of messages of all agents, each message once, in the order in which the exchanges came.

    An agent sends its whole past with every call, so of each call only what that agent had not said or heard before is
    new. Replies bear the agent's name. Agents without a name are told apart by their system prompt.
    """
    heard: dict[str, list[Mapping[str, Any]]] = {}
    made: list[dict[str, Any]] = []
    for turn in turns:
        first = turn.messages[0] if turn.messages else {}
        agent = turn.agent or (str(first.get("content")) if first.get("role") == "system" else "")
        past = heard.get(agent, [])
        same = 0
        while same < min(len(past), len(turn.messages)) and _same(past[same], turn.messages[same]):
            same += 1
        for message in turn.messages[same:]:
            named = {"name": turn.agent} if turn.agent and message.get("role") == "assistant" else {}
            made.append({**message, **named})
        heard[agent] = list(turn.messages)
    return made


def of_trace(store: Store, trace: str) -> Transcript:
    """The transcript of a trace, as far as its texts are there.

    Raises:
        CasebackError: no text of it is left, or what is left is no transcript.
    """
    rows = store.query(
        "SELECT agent, texts.messages AS messages FROM exchanges JOIN texts ON texts.exchange = number"
        " WHERE trace = ? AND ended <> ? ORDER BY time DESC, number DESC LIMIT ?",
        [trace, REFUSED, MOST],
    )
    messages = joined(Turn(row["agent"], json.loads(row["messages"])) for row in reversed(rows))
    if not messages:
        raise CasebackError(f"trace {trace!r:.60}: no text of it is left")
    return transcript_of({"messages": messages, "family": trace})


def watch_traces(store: Store, watching: Sequence[Watching], now: float) -> int:
    """Scores every trace in which something came since the last call, as a whole, and raises an incident where that is
    flagged: one a trace and detector. How many traces were scored.

    Only detectors that read text have their say. What cannot be read is kept with the reason; it is not clean.
    """
    done = 0
    while True:
        cursor = store.query("SELECT position FROM incident_cursor WHERE name = ?", [CURSOR])
        at = int(cursor[0]["position"]) if cursor else 0
        rows = store.query("SELECT number, trace FROM exchanges WHERE number > ? ORDER BY number LIMIT ?", [at, PAGE])
        if not rows:
            return done
        for trace in dict.fromkeys(row["trace"] for row in rows if row["trace"]):
            _score(store, trace, watching, now)
            done += 1
        store.execute(
            "INSERT INTO incident_cursor (name, position) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET position = excluded.position",
            [CURSOR, rows[-1]["number"]],
        )


def _score(store: Store, trace: str, watching: Sequence[Watching], now: float) -> None:
    rows = store.query(
        "SELECT id, time FROM exchanges WHERE trace = ? AND ended <> ? ORDER BY time DESC, number DESC LIMIT ?",
        [trace, REFUSED, MOST],
    )
    why, transcript = "", None
    try:
        transcript = of_trace(store, trace)
    except CasebackError as error:
        why = str(error)
    for each in watching:
        if each.detector.needs != "text" or not rows:
            continue
        said = verdict(each, transcript) if transcript is not None else None
        with store.transaction():
            _keep(store, trace, each, said, why, len(rows), rows[0]["id"], now)
            if said is not None and said.flagged and each.policy != "record":
                cause = cause_of(trace, None, ())
                for row in reversed(rows):
                    add(store, {**row, "score": said.scored.score, **_known(each)}, cause, now)


def _known(watching: Watching) -> dict[str, str]:
    detector = watching.detector
    return {
        "digest": watching.digest,
        "name": detector.name,
        "behaviour": detector.behaviour,
        "clauses": json.dumps(list(detector.known.clauses)),
    }


def _keep(
    store: Store, trace: str, watching: Watching, said: Verdict | None, why: str, exchanges: int, last: str, now: float
) -> None:
    score, flagged = (said.scored.score, said.flagged) if said else (None, False)
    spans = [asdict(span) for span in said.scored.spans] if said else []
    store.execute(
        "INSERT INTO trace_verdicts (trace, detector, exchanges, last_exchange, time, score, why, flagged, spans)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (trace, detector) DO UPDATE SET exchanges ="
        " excluded.exchanges, last_exchange = excluded.last_exchange, time = excluded.time, score = excluded.score,"
        " why = excluded.why, flagged = excluded.flagged, spans = excluded.spans",
        [trace, watching.digest, exchanges, last, now, score, said.scored.why if said else why, int(flagged),
         json.dumps(spans)],
    )  # fmt: skip


def _same(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    names = ("role", "content", "tool_calls", "tool_call_id")
    return all((a.get(name) or None) == (b.get(name) or None) for name in names)
