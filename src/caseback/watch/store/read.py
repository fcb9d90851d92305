"""Exchanges, read from the store. Every function asks a connection and gives plain data."""

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from caseback.detectors.scored import Span
from caseback.errors import CasebackError
from caseback.watch.store.chunked import chunked
from caseback.watch.store.holds import holds_on
from caseback.watch.store.rows import Filter, Listed, Page, Said, Watched, Whole
from caseback.watch.store.store import Row, Store, Value

MOST = 1000
"""Exchanges of a page, at most."""


def latest(store: Store, which: Filter | None = None, *, before: str | None = None, most: int = 50) -> Page:
    """A page of exchanges, latest first.

    Args:
        store: Where.
        which: Which; by default all.
        before: As the page after it gave it; None for the first.
        most: On the page: 1 to 1000.

    Raises:
        CasebackError: ``before`` is no such place.
    """
    most = min(max(most, 1), MOST)
    clauses, values = _where(which or Filter())
    if before is not None:
        time, number = _place(before)
        clauses.append("(time, number) < (?, ?)")
        values += [time, number]
    rows = store.query(
        f"SELECT * FROM exchanges WHERE {' AND '.join(clauses)} ORDER BY time DESC, number DESC LIMIT ?",
        [*values, most + 1],
    )
    listed = _listed(store, rows[:most])
    more = f"{listed[-1].time!r}/{listed[-1].number}" if len(rows) > most else None
    return Page(listed, more)


def since(store: Store, number: int, most: int = 1000) -> tuple[Listed, ...]:
    """Exchanges after ``number`` as they arrived, however late: follow this to see each once."""
    return _listed(
        store, store.query("SELECT * FROM exchanges WHERE number > ? ORDER BY number LIMIT ?", [number, most])
    )


def of_trace(store: Store, trace: str, most: int = MOST) -> tuple[Listed, ...]:
    """The first exchanges of a trace, in order: several agents, watched as one system."""
    if not trace:
        return ()
    rows = store.query("SELECT * FROM exchanges WHERE trace = ? ORDER BY time, number LIMIT ?", [trace, most])
    return _listed(store, rows)


def one(store: Store, id: str) -> Whole | None:
    """An exchange with its text, its verdicts, their token scores and spans; None where there is none of that id."""
    rows = store.query("SELECT * FROM exchanges WHERE id = ?", [id])
    if not rows:
        return None
    [listed] = _listed(store, rows)
    texts = store.query("SELECT messages, masked, expires FROM texts WHERE exchange = ?", [listed.number])
    text = texts[0] if texts else None
    return Whole(
        listed,
        tuple(json.loads(text["messages"])) if text else None,
        "" if text else _why_gone(store, id),
        int(text["masked"]) if text else 0,
        text["expires"] if text else None,
        tuple(hold.id for hold in holds_on(store, listed)),
        verdicts_of(store, listed.number),
    )


def verdicts_of(store: Store, number: int) -> tuple[Said, ...]:
    """What the detectors say of the exchange of this number, by their names."""
    rows = store.query(
        "SELECT detectors.name AS name, detectors.digest AS digest, verdicts.policy AS policy,"
        " verdicts.threshold AS threshold, score, why, flagged, member, microseconds, width, scores, spans"
        " FROM verdicts JOIN detectors ON detectors.number = verdicts.detector"
        " LEFT JOIN token_scores ON token_scores.exchange = verdicts.exchange"
        " AND token_scores.detector = verdicts.detector"
        " WHERE verdicts.exchange = ? ORDER BY detectors.name, detectors.digest",
        [number],
    )
    return tuple(
        Said(
            row["name"],
            row["digest"],
            row["policy"],
            row["threshold"],
            row["score"],
            row["why"],
            bool(row["flagged"]),
            row["member"],
            row["microseconds"],
            unpacked(row["scores"], row["width"]) if row["width"] else (),
            tuple(Span(**each) for each in json.loads(row["spans"])) if row["width"] else (),
        )
        for row in rows
    )


def detectors(store: Store) -> tuple[Watched, ...]:
    """All detectors that ever had their say, by name."""
    return tuple(
        Watched(**{**row, "clauses": tuple(json.loads(row["clauses"]))})
        for row in store.query("SELECT * FROM detectors ORDER BY name, digest")
    )


def clients(store: Store) -> tuple[str, ...]:
    """Names of the clients that ever asked."""
    return tuple(row["client"] for row in store.query("SELECT DISTINCT client FROM exchanges ORDER BY client"))


def models(store: Store) -> tuple[str, ...]:
    """Names of the models that ever answered."""
    rows = store.query("SELECT DISTINCT model FROM exchanges WHERE model <> '' AND ended <> 'refused' ORDER BY model")
    return tuple(row["model"] for row in rows)


def packed(scores: Sequence[float]) -> tuple[int, bytes]:
    """Scores of tokens as bytes, and the bytes of each: 2 where half precision can hold them all, or else 4."""
    try:
        return 2, struct.pack(f"<{len(scores)}e", *scores)
    except OverflowError:
        return 4, struct.pack(f"<{len(scores)}f", *(min(max(score, -3e38), 3e38) for score in scores))


def unpacked(scores: bytes, width: int) -> tuple[float, ...]:
    """The scores in what ``packed`` made."""
    return struct.unpack(f"<{len(scores) // width}{'e' if width == 2 else 'f'}", scores)


def _where(which: Filter) -> tuple[list[str], list[Value]]:
    clauses, values = ["1 = 1"], list[Value]()
    for name in ("client", "trace", "agent", "model", "ended"):
        if (value := getattr(which, name)) is not None:
            clauses.append(f"{name} = ?")
            values.append(value)
    for time, sign in ((which.since, ">="), (which.until, "<")):
        if time is not None:
            clauses.append(f"time {sign} ?")
            values.append(time)
    if which.flagged_by is not None:
        clauses.append("flags > 0")
    if which.flagged_by not in (None, "*"):
        clauses.append(
            "number IN (SELECT exchange FROM verdicts WHERE flagged = 1 AND detector IN"
            " (SELECT number FROM detectors WHERE name = ? OR digest = ?))"
        )
        values += [which.flagged_by, which.flagged_by]
    return clauses, values


def _place(before: str) -> tuple[float, int]:
    try:
        time, number = before.split("/")
        return float(time), int(number)
    except ValueError:
        raise CasebackError(f"before={before[:40]!r} is no place in the list; take it from the page after it") from None


def _listed(store: Store, rows: Sequence[Row]) -> tuple[Listed, ...]:
    flagged = _flagged(store, [row["number"] for row in rows if row["flags"]])
    made = []
    for row in rows:
        kept: dict[str, Any] = {name: value for name, value in row.items() if name not in ("flags", "segment")}
        made.append(Listed(**{**kept, "streamed": bool(row["streamed"]), "flagged": flagged.get(row["number"], ())}))
    return tuple(made)


def _flagged(store: Store, numbers: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for chunk, marks in chunked(numbers):
        for row in store.query(
            "SELECT exchange, name FROM verdicts JOIN detectors ON detectors.number = verdicts.detector"
            f" WHERE flagged = 1 AND exchange IN ({marks}) ORDER BY exchange, name",
            chunk,
        ):
            found[row["exchange"]] = (*found.get(row["exchange"], ()), row["name"])
    return found


def _why_gone(store: Store, id: str) -> str:
    rows = store.query("SELECT time, rule FROM tombstones WHERE exchange = ? AND what = 'text' ORDER BY time", [id])
    return f"deleted: {rows[0]['rule']}" if rows else "its text was not kept"
