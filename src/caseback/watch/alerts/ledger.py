"""Alerts as they stand: each condition raises one, which people acknowledge and which is resolved when it is over."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from caseback.errors import CasebackError
from caseback.watch.alerts.condition import Condition
from caseback.watch.alerts.rules import Receiver
from caseback.watch.store.store import Row, Store

Which = Literal["open", "all"]


@dataclass(frozen=True)
class Alert:
    """An alert. Times are Unix times in seconds, None for what has not happened.

    Attributes:
        id: Of this alert.
        fingerprint: What it is about.
        kind: As its condition has it, and so ``labels``, ``severity``, ``summary`` and ``detail``.
        opened: When it was raised.
        last_seen: When its condition was last seen.
        acknowledged: When somebody took it on, and who (``acknowledged_by``).
        resolved: When it ended. ``resolved_by`` is who ended it; empty where its condition went away.
    """

    id: str
    fingerprint: str
    kind: str
    labels: Mapping[str, str]
    severity: str
    summary: str
    detail: Mapping[str, Any]
    opened: float
    last_seen: float
    acknowledged: float | None
    acknowledged_by: str
    resolved: float | None
    resolved_by: str


def update(
    store: Store, found: Sequence[Condition], now: float, *, calm: float, receivers: Sequence[Receiver] = ()
) -> list[Alert]:
    """Brings the alerts in line with what is amiss now, and queues what is to be told; the alerts that are new.

    One alert of a condition is open at a time. It is resolved when its condition has been away for ``calm`` seconds.
    One that a person resolved is not raised again before its condition has been away once.

    Args:
        store: Where.
        found: Everything that is amiss.
        now: Unix time in seconds.
        calm: Seconds.
        receivers: Who is told.
    """
    new = []
    with store.transaction(durable=True):
        there = {each.fingerprint: each for each in found}
        for row in store.query("SELECT * FROM alerts WHERE resolved IS NULL"):
            if (condition := there.pop(row["fingerprint"], None)) is not None:
                store.execute(
                    "UPDATE alerts SET last_seen = ?, summary = ?, detail = ?, calm = NULL WHERE id = ?",
                    [now, condition.summary, json.dumps(dict(condition.detail)), row["id"]],
                )
            elif row["calm"] is None or row["calm"] > now:  # a clock that was set back begins the wait anew
                store.execute("UPDATE alerts SET calm = ? WHERE id = ?", [now, row["id"]])
            elif now - row["calm"] >= calm:
                store.execute("UPDATE alerts SET resolved = ? WHERE id = ?", [now, row["id"]])
                _queue(store, row["id"], "resolved", _but_for(row, receivers), now)
        _note_calm(store, there, now)
        for condition in there.values():
            if (made := _raised(store, condition, now)) is not None:
                _queue(store, made["id"], "firing", _but_for(made, receivers), now)
                new.append(_alert(made))
    return new


def acknowledge(store: Store, id: str, who: str, now: float) -> Alert:
    """Says that ``who`` has taken the alert on. The first who does stands; it is then told who that was.

    Raises:
        CasebackError: there is no alert of that id, it is resolved, or nobody is named.
    """
    with store.transaction(durable=True):
        row = _found(store, id, who)
        if row["resolved"] is not None:
            raise CasebackError(f"alert {row['id']} is resolved already; nothing is left to take on")
        store.execute(
            "UPDATE alerts SET acknowledged = ?, acknowledged_by = ? WHERE id = ? AND acknowledged IS NULL",
            [now, who, row["id"]],
        )
        return one(store, row["id"])


def resolve(store: Store, id: str, who: str, now: float, receivers: Sequence[Receiver] = ()) -> Alert:
    """Ends an alert; once it is ended that stands.

    Of one that says that a budget is exceeded the evidence begins anew from now on, with its chance of error.

    Raises:
        CasebackError: there is no alert of that id, or nobody is named.
    """
    with store.transaction(durable=True):
        row = _found(store, id, who)
        if store.execute(
            "UPDATE alerts SET resolved = ?, resolved_by = ?, calm = NULL WHERE id = ? AND resolved IS NULL",
            [now, who, row["id"]],
        ):
            _queue(store, row["id"], "resolved", _but_for(row, receivers), now)
        return one(store, row["id"])


def alerts(store: Store, which: Which = "open", most: int = 200) -> list[Alert]:
    """Alerts, the latest first."""
    where = " WHERE resolved IS NULL" if which == "open" else ""
    return [_alert(row) for row in store.query(f"SELECT * FROM alerts{where} ORDER BY opened DESC, id LIMIT ?", [most])]


def one(store: Store, id: str) -> Alert:
    """The alert of this id, or the only one whose id begins so.

    Raises:
        CasebackError: there is none, or there are several.
    """
    return _alert(_found(store, id, "anybody"))


def _found(store: Store, id: str, who: str) -> Row:
    if not who.strip():
        raise CasebackError("say who you are: --who NAME")
    rows = store.query("SELECT * FROM alerts WHERE substr(id, 1, ?) = ? LIMIT 2", [len(id), id]) if id else []
    if len(rows) != 1:
        raise CasebackError(f"{'several alerts have' if rows else 'no alert has'} the id {id!r:.60}; list them to see")
    return rows[0]


def _note_calm(store: Store, there: Mapping[str, Condition], now: float) -> None:
    """Of alerts that a person resolved: whether the condition has been away since."""
    for row in store.query("SELECT id, fingerprint FROM alerts WHERE resolved_by <> '' AND calm IS NULL"):
        if row["fingerprint"] not in there:
            store.execute("UPDATE alerts SET calm = ? WHERE id = ?", [now, row["id"]])


def _raised(store: Store, condition: Condition, now: float) -> Row | None:
    for row in store.query(
        "SELECT * FROM alerts WHERE fingerprint = ? ORDER BY resolved DESC LIMIT 1", [condition.fingerprint]
    ):
        if row["resolved_by"] and row["calm"] is None:
            return None
    made: Row = {
        "id": secrets.token_hex(8),
        "fingerprint": condition.fingerprint,
        "kind": condition.kind,
        "labels": json.dumps(dict(condition.labels)),
        "severity": condition.severity,
        "summary": condition.summary,
        "detail": json.dumps(dict(condition.detail)),
        "opened": now,
        "last_seen": now,
        "acknowledged": None,
        "acknowledged_by": "",
        "resolved": None,
        "resolved_by": "",
        "calm": None,
    }
    # Another process may have raised it in the meantime: the index on open fingerprints lets one of them be.
    raised = store.execute(
        f"INSERT INTO alerts ({', '.join(made)}) VALUES ({', '.join('?' * len(made))}) ON CONFLICT DO NOTHING",
        list(made.values()),
    )
    return made if raised else None


def _but_for(row: Row, receivers: Sequence[Receiver]) -> list[Receiver]:
    """Whom to tell: of a receiver that fails, all others."""
    failing = json.loads(row["labels"]).get("receiver") if row["kind"] == "delivery" else None
    return [each for each in receivers if each.name != failing]


def _queue(store: Store, alert: str, event: str, receivers: Sequence[Receiver], now: float) -> None:
    store.many(
        "INSERT INTO deliveries (alert, receiver, event, attempts, due, tried, ended, error)"
        " VALUES (?, ?, ?, 0, ?, NULL, '', '') ON CONFLICT (alert, receiver, event) DO NOTHING",
        [[alert, each.name, event, now] for each in receivers],
    )


def _alert(row: Row) -> Alert:
    kept = {name: value for name, value in row.items() if name != "calm"}
    return Alert(**{**kept, "labels": json.loads(row["labels"]), "detail": json.loads(row["detail"])})
