"""Alerts brought to those who are told: tried again until they are taken, and given up in the end, visibly."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aiohttp

from caseback.watch.alerts.ledger import Alert, one
from caseback.watch.alerts.messages import KEEPS, SIGNATURE, Event, alertmanager_body, signature, webhook_body
from caseback.watch.alerts.rules import Receiver
from caseback.watch.store.store import Row, Store

SECONDS = 5.0
"""For all of one attempt."""
FIRST, LONGEST = 10.0, 3600.0
"""Seconds after the first attempt that failed, doubled after each further one; at most."""
ATTEMPTS = 10
"""After which it is given up."""
AT_ONCE = 50
"""Deliveries to one receiver tried in one go."""


@dataclass(frozen=True)
class Delivered:
    """What became of the deliveries that were due."""

    taken: int
    failed: int
    given_up: int


async def deliver_due(store: Store, receivers: Sequence[Receiver], now: float) -> Delivered:
    """Tries what is due, all at once, each for ``SECONDS`` at most.

    What is to be told stands in the store until it is taken or given up, so a process that is killed loses none; one
    killed between being taken and writing that down tells it twice. Alertmanager is told again of what is still open.
    That an alert is over is told once its firing was taken or given up, and not before.
    """
    _arm_again(store, receivers, now)
    due = [(each, row) for each in receivers for row in _due(store, each, now)]
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session:
        errors = await asyncio.gather(
            *(_try(session, each, one(store, row["alert"]), row["event"], now) for each, row in due)
        )
    done = [_kept(store, row, error, now) for (_, row), error in zip(due, errors, strict=True)]
    return Delivered(done.count("delivered"), done.count(""), done.count("given up"))


def undelivered(store: Store) -> Mapping[str, Mapping[str, int]]:
    """By receiver how many are waiting, how many were taken, and how many given up."""
    found: dict[str, dict[str, int]] = {}
    for row in store.query("SELECT receiver, ended, COUNT(*) AS n FROM deliveries GROUP BY receiver, ended"):
        found.setdefault(row["receiver"], {})[row["ended"] or "waiting"] = row["n"]
    return found


def _due(store: Store, to: Receiver, now: float) -> list[Row]:
    """What this receiver is to be told now, the longest due first."""
    # What is due far off was put off by a clock that has been set back since.
    return store.query(
        "SELECT * FROM deliveries WHERE receiver = ? AND ended = '' AND (due <= ? OR due > ?) AND (event = 'firing' OR"
        " NOT EXISTS (SELECT 1 FROM deliveries AS first WHERE first.alert = deliveries.alert"
        " AND first.receiver = deliveries.receiver AND first.event = 'firing' AND first.ended = ''))"
        " ORDER BY due LIMIT ?",
        [to.name, now, now + 2 * LONGEST, AT_ONCE],
    )


async def _try(session: aiohttp.ClientSession, to: Receiver, alert: Alert, event: Event, now: float) -> str:
    """Why it was not taken; empty where it was."""
    url, headers = to.url, {"Content-Type": "application/json", "Idempotency-Key": f"{alert.id}-{event}"}
    if to.kind == "alertmanager":
        url, body = to.url.rstrip("/") + "/api/v2/alerts", alertmanager_body(alert, now)
    else:
        body = webhook_body(alert, event)
        if to.secret:
            headers[SIGNATURE] = signature(to.secret, body, now)
    try:
        # A redirect would carry the message to somebody who was not named.
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            return "" if 200 <= answer.status < 300 else f"status {answer.status}"
    except TimeoutError:
        return f"no answer in {SECONDS:g} s"
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"[:300]


def _kept(store: Store, row: Row, error: str, now: float) -> str:
    attempts = row["attempts"] + 1
    ended = "delivered" if not error else "given up" if attempts >= ATTEMPTS else ""
    due = now + min(FIRST * 2.0 ** (attempts - 1), LONGEST)
    store.execute(
        "UPDATE deliveries SET attempts = ?, due = ?, tried = ?, ended = ?, error = ?"
        " WHERE alert = ? AND receiver = ? AND event = ?",
        [attempts, due, now, ended, error, row["alert"], row["receiver"], row["event"]],
    )
    return ended


def _arm_again(store: Store, receivers: Sequence[Receiver], now: float) -> None:
    """An Alertmanager forgets what it is not told of again."""
    for each in receivers:
        if each.kind == "alertmanager":
            store.execute(
                "UPDATE deliveries SET ended = '', attempts = 0, due = ? WHERE receiver = ? AND event = 'firing'"
                " AND ended = 'delivered' AND tried <= ? AND alert IN (SELECT id FROM alerts WHERE resolved IS NULL)",
                [now, each.name, now - KEEPS / 4],
            )
