"""Live use: rates with bounds over time, coverage, latency."""

import math
import time
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from caseback.errors import CasebackError
from caseback.stats.rate import exact_rate
from caseback.studio.desk import Desk
from caseback.studio.errors import AskedWrongError
from caseback.studio.page import Names, Page
from caseback.studio.query import number, text
from caseback.watch.alerts.ledger import alerts
from caseback.watch.rates.audits import queue
from caseback.watch.rates.live import LiveRate, live_rates
from caseback.watch.store.coverage import coverage, gaps
from caseback.watch.store.opening import POSTGRES
from caseback.watch.store.postgres import without_password
from caseback.watch.store.rows import Coverage
from caseback.watch.store.store import Store

Data = Mapping[str, Any]
HOURS, SPANS = 24.0, 24
"""What is shown by default, and in how many spans."""
LATENCIES = 50_000
"""Exchanges that latency is told from, the latest."""
GAPS = 50
FRESH = 15.0
"""Seconds for which rates are shown as they were made."""


def stores(desk: Desk, parts: Names, query: Names) -> Data:
    """Every store at a glance."""
    return {
        "stores": [glance(desk, name, where) for name, where in desk.stores.where(desk.folder).items()],
        "gateway": desk.gateway.address if desk.gateway else None,
    }


def live(desk: Desk, parts: Names, query: Names) -> Data:
    """One store: each detector's rate with its bounds, over time and in all; coverage; latency. At most ``FRESH``
    seconds old: ``until`` says when it was made."""
    store = desk.stores.open(desk.folder, parts["store"])
    hours = number(query, "hours", HOURS, 0.01, 24.0 * 3660)
    which = text(query, "detector") or None
    made: Data = desk.stores.recent(
        (store.where, hours, which), FRESH, lambda: live_data(store, parts["store"], hours, which)
    )
    return made


def live_data(store: Store, name: str, hours: float, which: str | None) -> Data:
    """The data of a store's page, made now."""
    now = time.time()
    since = now - 3600 * hours
    width = 3600 * hours / SPANS
    try:
        rows = live_rates(store, now, since=since, which=which)
    except CasebackError as error:
        raise AskedWrongError(str(error)) from None
    return {
        "store": name,
        "where": store.where,
        "hours": hours,
        "since": since,
        "until": now,
        "detector": which,
        "rates": [rate_data(row) for row in rows],
        "charts": [chart(row, store, now, since, width) for row in rows],
        "coverage": coverage_data(coverage(store, since, now)),
        "gaps": [vars(gap) for gap in gaps(store, since, now)[-GAPS:]][::-1],
        "latency": latency(store, since, width),
        "awaiting": len(queue(store, "", now)),
    }


def rate_data(row: LiveRate) -> dict[str, Any]:
    """A detector's rate as plain data. Without an operating point only its flags are counted, uncorrected."""
    best, counts = row.best, row.counts
    return {
        "detector": row.detector,
        "digest": row.digest,
        "behaviour": row.behaviour,
        "since": row.since,
        "value": _finite(best.value),
        "low": best.low,
        "high": best.high,
        "confidence": best.confidence,
        "tasks": best.tasks,
        "why": best.why,
        "from": "both" if best is row.both else "flags" if best is row.flags else "audits",
        "of_all": list(row.of_all),
        "flagged": vars(exact_rate(counts.flagged, counts.evaluated)).copy() | _value(counts.flagged, counts.evaluated),
        "precision": vars(row.precision).copy() | _value(row.precision.k, row.precision.n),
        "counts": vars(counts).copy(),
        "coverage": counts.coverage,
    }


def chart(row: LiveRate, store: Store, now: float, since: float, width: float) -> dict[str, Any]:
    """A detector's rate span by span with its bounds; where it cannot be told, the share of flags."""
    spans = live_rates(store, now, since=since, which=row.digest, width=width)
    told = row.best.value is not None
    points = [_point(each, told) for each in spans]
    return {
        "detector": row.detector,
        "behaviour": row.behaviour,
        "corrected": told,
        "x": [each.since + width / 2 for each in spans],
        "series": [
            {"role": "value", "label": "rate" if told else "share flagged", "values": [p[0] for p in points]},
            {"role": "low", "label": "low", "values": [p[1] for p in points]},
            {"role": "high", "label": "high", "values": [p[2] for p in points]},
        ],
    }


def coverage_data(found: Coverage) -> dict[str, Any]:
    """Coverage as plain data."""
    return {
        "kept": found.kept,
        "missed": found.missed,
        "unknown": found.unknown,
        "unwatched_s": found.unwatched_s,
        "ended": dict(found.ended),
        "gaps": {kind: {"gaps": n, "exchanges": exchanges} for kind, (n, exchanges) in found.gaps.items()},
        "not_evaluated": {digest: dict(each.not_evaluated) for digest, each in found.detectors.items()},
    }


def latency(store: Store, since: float, width: float) -> dict[str, Any]:
    """Milliseconds until the first byte and until the last: the median and the 95th percentile, in all and by span."""
    rows = store.query(
        "SELECT time, first_ms, total_ms FROM exchanges WHERE time >= ? AND ended <> 'refused'"
        " ORDER BY time DESC LIMIT ?",
        [since, LATENCIES],
    )
    spans: dict[int, list[float]] = {}
    for row in rows:
        spans.setdefault(int((row["time"] - since) // width), []).append(float(row["total_ms"]))
    order = sorted(spans)
    return {
        "exchanges": len(rows),
        "first_ms": _quantiles([float(row["first_ms"]) for row in rows if row["first_ms"] is not None]),
        "total_ms": _quantiles([float(row["total_ms"]) for row in rows]),
        "x": [since + (at + 0.5) * width for at in order],
        "series": [
            {"role": "value", "label": "median ms", "values": [_quantiles(spans[at])["p50"] for at in order]},
            {"role": "high", "label": "95th percentile", "values": [_quantiles(spans[at])["p95"] for at in order]},
        ],
    }


def glance(desk: Desk, name: str, where: str) -> dict[str, Any]:
    """A store in a few figures, of its last 24 hours; one that cannot be opened says why."""
    try:
        store = desk.stores.open(desk.folder, name)
        now = time.time()
        found = coverage(store, now - 3600 * HOURS, now)
        [all_of_them] = store.query("SELECT COUNT(*) AS n, MAX(time) AS last FROM exchanges")
        [flagged] = store.query(
            "SELECT COUNT(*) AS n FROM exchanges WHERE flags > 0 AND time >= ?", [now - 3600 * HOURS]
        )
        return {
            "name": name,
            "where": _shown(where),
            "unreadable": None,
            "exchanges": all_of_them["n"],
            "last": all_of_them["last"],
            "today": found.kept,
            "flagged": flagged["n"],
            "missed": found.missed,
            "unwatched_s": found.unwatched_s,
            "awaiting": len(queue(store, "", now)),
            "incidents": incident_counts(store),
            "alerts": len(alerts(store)),
        }
    except CasebackError as error:
        return {"name": name, "where": _shown(where), "unreadable": str(error)}


def incident_counts(store: Store) -> dict[str, int]:
    """How many incidents there are in each state."""
    return {row["state"]: row["n"] for row in store.query("SELECT state, COUNT(*) AS n FROM incidents GROUP BY state")}


def _shown(where: str) -> str:
    """Where a store is, without the password that an address may hold."""
    return without_password(where) if where.startswith(POSTGRES) else where


def _point(row: LiveRate, told: bool) -> tuple[float | None, float | None, float | None]:
    if told:
        return _finite(row.best.value), row.best.low, row.best.high
    if not row.counts.evaluated:
        return None, None, None
    share = exact_rate(row.counts.flagged, row.counts.evaluated)
    return share.value, share.low, share.high


def _quantiles(values: list[float]) -> dict[str, float | None]:
    if not values:
        return {"p50": None, "p95": None}
    low, high = np.quantile(values, [0.5, 0.95])
    return {"p50": round(float(low), 3), "p95": round(float(high), 3)}


def _value(k: int, n: int) -> dict[str, float | None]:
    return {"value": k / n if n else None}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def places(desk: Desk) -> Iterable[Names]:
    """Every store."""
    return [{"store": name} for name in desk.stores.where(desk.folder)]


PAGES = (
    Page("/live", "live", "stores.html.j2", stores),
    Page("/live/{store}", "live", "live.html.j2", live, places),
)
