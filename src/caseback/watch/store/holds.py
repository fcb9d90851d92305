"""Legal holds: what must not be deleted, whatever the rules of retention say."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from caseback.errors import CasebackError
from caseback.watch.store.chunked import chunked
from caseback.watch.store.rows import Listed
from caseback.watch.store.store import Store

Of = Literal["exchange", "client", "trace", "detector"]
HELD = """EXISTS (SELECT 1 FROM holds WHERE lifted IS NULL AND (
    (holds.kind = 'exchange' AND holds.value = exchanges.id)
    OR (holds.kind = 'client' AND holds.value = exchanges.client)
    OR (holds.kind = 'trace' AND holds.value = exchanges.trace)
    OR (holds.kind = 'detector' AND EXISTS (SELECT 1 FROM verdicts JOIN detectors
        ON detectors.number = verdicts.detector WHERE verdicts.exchange = exchanges.number
        AND verdicts.flagged = 1 AND detectors.digest = holds.value))))"""
"""SQL: whether the row of ``exchanges`` is held. A detector's hold is on what it flagged."""


@dataclass(frozen=True)
class Hold:
    """On an exchange, or on all of a client or a trace, or on all that a detector flagged; by whom and why.

    ``value`` is the exchange's id, the client's name, the trace's id or the detector's digest. Times are Unix times.
    """

    id: str
    kind: Of
    value: str
    who: str
    why: str
    placed: float
    lifted: float | None = None
    lifted_by: str = ""


def place(store: Store, kind: Of, value: str, *, who: str, why: str, time: float) -> Hold:
    """Places a hold. It is in force when this returns, and survives a power cut.

    Raises:
        CasebackError: it is on nothing, or does not say by whom and why.
    """
    if kind not in get_args(Of):
        raise CasebackError(f"a hold on {kind!r:.40}: choose among {', '.join(get_args(Of))}")
    if not (value and who.strip() and why.strip()):
        raise CasebackError("a hold needs what it is on, who places it, and why")
    hold = Hold(secrets.token_hex(8), kind, value, who, why, time)
    with store.transaction(durable=True):
        store.execute(
            "INSERT INTO holds (id, kind, value, who, why, placed, lifted_by) VALUES (?, ?, ?, ?, ?, ?, '')",
            [hold.id, kind, value, who, why, time],
        )
    return hold


def lift(store: Store, id: str, *, who: str, time: float) -> None:
    """Lifts a hold, which stays in the list.

    Raises:
        CasebackError: there is none of that id in force.
    """
    with store.transaction(durable=True):
        if not store.execute(
            "UPDATE holds SET lifted = ?, lifted_by = ? WHERE id = ? AND lifted IS NULL", [time, who, id]
        ):
            raise CasebackError(f"no hold {id!r:.40} is in force; list them to see which are")


def holds(store: Store) -> tuple[Hold, ...]:
    """All holds, the lifted ones too, as they were placed."""
    return tuple(Hold(**row) for row in store.query("SELECT * FROM holds ORDER BY placed, id"))


def held(store: Store, ids: Sequence[str]) -> set[str]:
    """Those of the exchanges that a hold is on."""
    found: set[str] = set()
    for chunk, marks in chunked(ids):
        rows = store.query(f"SELECT id FROM exchanges WHERE id IN ({marks}) AND {HELD}", chunk)
        found |= {row["id"] for row in rows}
    return found


def holds_on(store: Store, exchange: Listed) -> tuple[Hold, ...]:
    """The holds in force on an exchange."""
    digests: Sequence[str] = [
        row["digest"]
        for row in store.query(
            "SELECT digest FROM verdicts JOIN detectors ON detectors.number = verdicts.detector"
            " WHERE exchange = ? AND flagged = 1",
            [exchange.number],
        )
    ]
    own = {"exchange": (exchange.id,), "client": (exchange.client,), "trace": (exchange.trace,), "detector": digests}
    return tuple(hold for hold in holds(store) if hold.lifted is None and hold.value in own[hold.kind])
