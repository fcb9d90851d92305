"""How much of the traffic the watch saw: counts of what detectors said, and the gaps."""

from collections.abc import Iterable, Sequence

from caseback.watch.store.rows import Counted, Coverage, Gap
from caseback.watch.store.store import Row, Store

MINUTE = 60
ALIVE = 120.0
"""Seconds without a sign of life after which a gateway that has not closed counts as gone."""


def counted(store: Store, since: float, until: float) -> dict[str, Counted]:
    """What became of the exchanges of the minutes that lie in the time, by the detectors' digests."""
    rows = store.query(
        "SELECT digest, outcome, SUM(exchanges) AS exchanges FROM counts"
        " JOIN detectors ON detectors.number = counts.detector"
        " WHERE minute >= ? AND minute < ? GROUP BY name, digest, outcome ORDER BY name, digest, outcome",
        [int(since // MINUTE), _last(until)],
    )
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["digest"], []).append(row)
    return {digest: _counted(found) for digest, found in grouped.items()}


def coverage(store: Store, since: float, until: float) -> Coverage:
    """All of it in one. Exchanges are counted by whole minutes."""
    rows = store.query(
        "SELECT outcome, SUM(exchanges) AS exchanges FROM counts WHERE detector = 0 AND minute >= ? AND minute < ?"
        " GROUP BY outcome ORDER BY outcome",
        [int(since // MINUTE), _last(until)],
    )
    ended = {row["outcome"]: int(row["exchanges"]) for row in rows}
    found = gaps(store, since, until)
    kinds: dict[str, tuple[int, int]] = {}
    for gap in found:
        n, exchanges = kinds.get(gap.kind, (0, 0))
        kinds[gap.kind] = n + 1, exchanges + (gap.exchanges or 0)
    return Coverage(
        kept=sum(ended.values()),
        ended=ended,
        missed=sum(gap.exchanges or 0 for gap in found),
        unknown=sum(gap.exchanges is None for gap in found),
        unwatched_s=sum(
            max(min(gap.ended, until) - max(gap.begun, since), 0) for gap in found if gap.kind == "unwatched"
        ),
        detectors=counted(store, since, until),
        gaps=kinds,  # type: ignore[arg-type]
    )


def gaps(store: Store, since: float, until: float) -> tuple[Gap, ...]:
    """Everything between the two times that was not seen, in time."""
    rows = store.query(
        "SELECT kind, begun, ended, gateway, exchange, exchanges, why FROM coverage"
        " WHERE begun < ? AND ended >= ? ORDER BY begun, id",
        [until, since],
    )
    gateways = store.query("SELECT * FROM gateways ORDER BY opened")
    found = [*(Gap(**row) for row in rows), *unwatched(gateways, until)]
    return tuple(sorted((gap for gap in found if gap.ended >= since and gap.begun < until), key=lambda gap: gap.begun))


def unwatched(gateways: Sequence[Row], until: float) -> tuple[Gap, ...]:
    """Times in which an address that was watched had no gateway, from the first on and until ``until``.

    Where several serve an address it is watched while one of them lives. The gap begins at the last sign of life: of a
    gateway that died, what came after it is not known.
    """
    found = []
    for serves in sorted({row["serves"] for row in gateways}):
        own = sorted((row for row in gateways if row["serves"] == serves), key=lambda row: float(row["opened"]))
        last = own[0]
        for row in own[1:]:
            if row["opened"] > last["seen"]:
                found.append(_between(last, row["opened"], serves))
            last = max(last, row, key=lambda each: float(each["seen"]))
        if (until - last["seen"] > ALIVE or last["ended"]) and until > last["seen"]:
            found.append(_between(last, until, serves))
    return tuple(found)


def _between(last: Row, ended: float, serves: str) -> Gap:
    how = "closed" if last["closed"] is not None else "died" if last["ended"] else "gave no sign of life"
    why = f"no gateway in front of {serves}: the last one {how}"
    return Gap("unwatched", last["seen"], ended, last["id"], "", 0 if how == "closed" else None, why)


def _counted(rows: Iterable[Row]) -> Counted:
    evaluated = flagged = 0
    why: dict[str, int] = {}
    for row in rows:
        if row["outcome"] in ("clean", "flagged"):
            evaluated += int(row["exchanges"])
            flagged += int(row["exchanges"]) if row["outcome"] == "flagged" else 0
        else:
            why[row["outcome"]] = why.get(row["outcome"], 0) + int(row["exchanges"])
    return Counted(evaluated, flagged, why)


def _last(until: float) -> int:
    """The minute after the last that has begun before ``until``."""
    return int(-(-until // MINUTE))
