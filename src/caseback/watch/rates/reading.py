"""Exchanges as a detector and the people who audit saw them, read from the store."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from caseback.watch.rates.audits import OVERDUE, results
from caseback.watch.rates.designs import Design
from caseback.watch.rates.drawing import REFUSED
from caseback.watch.rates.results import Result
from caseback.watch.rates.units import Seen, task_of
from caseback.watch.store.rows import Watched
from caseback.watch.store.store import Row, Store, Value

By = Literal["model", "client", "agent", "path"]
PAGE = 20_000
"""Exchanges read at once."""
NONE = Result(False)


@dataclass(frozen=True)
class Group:
    """Exchanges that have one value of a column: a model's, a client's, an agent's, a path's; all where it is empty."""

    by: By | Literal[""] = ""
    value: str = ""


def seen(
    store: Store,
    detector: Watched,
    design: Design | None,
    now: float,
    *,
    group: Group | None = None,
    since: float = 0.0,
    until: float | None = None,
) -> Iterator[Seen]:
    """What was seen, in the order in which it arrived, since the detector first had its say.

    What the gateway refused reached no model and is left out. An exchange on which the detector said nothing is not
    evaluated. With a design only those exchanges that it is for.

    Args:
        store: Where.
        detector: Whose flags.
        design: How audits were drawn, where they were.
        now: Unix time in seconds: a draw that was made ``OVERDUE`` before is not waited for.
        group: Which exchanges; by default all.
        since: Leaves out what came before.
        until: Leaves out what came then or later.
    """
    found = results(store, detector.behaviour, design)
    tasks: dict[str, tuple[str, float]] = {}
    for row in _rows(
        store, detector, design if design and asked(design, detector) else None, group or Group(), since, until
    ):
        got = found.get(row["id"], NONE)
        overdue = row["drawn"] is not None and now - row["drawn"] > OVERDUE
        yield Seen(
            task=task_of(row["id"], row["time"], row["trace"], tasks),
            time=row["time"],
            flagged=None if row["score"] is None else bool(row["flagged"]),
            inclusion=row["probability"] or 0.0,
            chosen=None if row["chosen"] is None else bool(row["chosen"]),
            audited=got.audited or overdue,
            violation=got.violation if got.audited else None,
            lone=not row["trace"],
        )


def _rows(
    store: Store, detector: Watched, design: Design | None, group: Group, since: float, until: float | None
) -> Iterator[Row]:
    # Another design's draws are none of this one's.
    drawn = "audit_draws.exchange = exchanges.number AND audit_draws.design = ?"
    clauses, values = ["ended <> ?", "exchanges.time >= ?"], list[Value]([REFUSED, since])
    if until is not None:
        clauses.append("exchanges.time < ?")
        values.append(until)
    if group.by:
        clauses.append(f"{column(group.by)} = ?")
        values.append(group.value)
    first = first_exchange(store, detector)
    if first is None:
        return
    at = max(first, design.first_exchange if design else 0) - 1
    while True:
        rows = store.query(
            "SELECT exchanges.number AS number, exchanges.id AS id, exchanges.time AS time, trace, score, flagged,"
            " probability, chosen, audit_draws.time AS drawn FROM exchanges LEFT JOIN verdicts ON verdicts.exchange ="
            f" exchanges.number AND verdicts.detector = ? LEFT JOIN audit_draws ON {drawn}"
            f" WHERE exchanges.number > ? AND {' AND '.join(clauses)} ORDER BY exchanges.number LIMIT {PAGE}",
            [detector.number, design.number if design else 0, at, *values],
        )
        yield from rows
        if len(rows) < PAGE:
            return
        at = rows[-1]["number"]


def first_exchange(store: Store, detector: Watched) -> int | None:
    """Number of the first exchange on which the detector had its say; None where there is none."""
    rows = store.query("SELECT exchange FROM verdicts WHERE detector = ? ORDER BY exchange LIMIT 1", [detector.number])
    return int(rows[0]["exchange"]) if rows else None


def asked(design: Design, detector: Watched) -> bool:
    """Whether audits under this design tell of the detector's behaviour."""
    return detector.behaviour in design.behaviours


def column(by: By) -> str:
    """Its name in the table."""
    return {"model": "model", "client": "client", "agent": "agent", "path": "path"}[by]
