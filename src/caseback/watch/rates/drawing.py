"""Draws for the exchanges that have come, each decision kept as it was made."""

import math
from collections.abc import Mapping, Sequence

from caseback.errors import CasebackError
from caseback.stats.audit_allocation import AuditPlan
from caseback.watch.rates.calibrations import kept_calibration
from caseback.watch.rates.designs import Design, current_design
from caseback.watch.rates.sampling import FEWEST, commitment, decide, joint, plan, proven
from caseback.watch.rates.units import task_of
from caseback.watch.store.store import Row, Store

PAGE = 500
"""Exchanges decided on in one transaction."""
REPLAN = 1_000
"""Exchanges after which the plan is made anew."""
PAST = 5_000
"""Of the latest exchanges it is made from."""
REFUSED = "refused"
"""Exchanges that the gateway refused reached no model, so nothing is to be told of them."""


def draw_new(store: Store, key: bytes, now: float) -> int:
    """Decides on all exchanges that came since the last call; how many of them people are to look at.

    Killed in between it goes on where it was: each decision is made once.

    Raises:
        CasebackError: nobody has begun to draw, or the key is another.
    """
    design = current_design(store)
    if design is None:
        raise CasebackError(f"{store.where}: nothing is drawn for audit yet; begin with `caseback watch audit begin`")
    if commitment(key) != design.commitment:
        raise CasebackError("the key is not the one that the design was begun with; give that, or begin a new design")
    negatives, chosen = _negatives(store), 0
    while (found := _page(store, design, key, negatives, now)) is not None:
        chosen += found
    return chosen


def unproven(store: Store, key: bytes) -> list[str]:
    """Ids of exchanges whose decision is not the one that the key gives; none where all of it is in order.

    Raises:
        CasebackError: there is no design.
    """
    if (design := current_design(store)) is None:
        raise CasebackError(f"{store.where}: nothing was drawn for audit yet")
    rows = store.query(
        "SELECT id, task, draw, probability, chosen FROM audit_draws WHERE design = ? ORDER BY exchange",
        [design.number],
    )
    return [
        row["id"]
        for row in rows
        if not proven(key, design.commitment, row["task"], row["draw"])
        or bool(row["chosen"]) != (row["draw"] < row["probability"])
    ]


def _page(store: Store, design: Design, key: bytes, negatives: Mapping[str, Sequence[float]], now: float) -> int | None:
    """Decides on the next page; how many are chosen, None where there is none left."""
    with store.transaction():
        [last] = store.query("SELECT COALESCE(MAX(exchange), 0) AS at FROM audit_draws")
        rows = store.query(
            "SELECT number, id, time, trace FROM exchanges WHERE number > ? AND number >= ? AND ended <> ?"
            " ORDER BY number LIMIT ?",
            [last["at"], design.first_exchange, REFUSED, PAGE],
        )
        if not rows:
            return None
        number, made = _plan(store, design, now)
        ratios = _ratios(store, rows, negatives)
        tasks = _latest_tasks(store, {row["trace"] for row in rows if row["trace"]})
        chosen = 0
        kept: list[Sequence[str | int | float | None]] = []
        for row in rows:
            task = task_of(row["id"], row["time"], row["trace"], tasks)
            ratio = ratios.get(row["number"], 0.0)
            one = decide(key, made, task, ratio)
            chosen += one.chosen
            kept.append(
                [
                    row["number"],
                    row["id"],
                    design.number,
                    number,
                    task,
                    ratio,
                    one.probability,
                    one.stratum,
                    one.draw,
                    int(one.chosen),
                    now,
                ]
            )
        # Two that draw at once decide alike but for the plan; the first has it.
        store.many(
            "INSERT INTO audit_draws (exchange, id, design, plan, task, ratio, probability, stratum, draw, chosen,"
            " time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (exchange) DO NOTHING",
            kept,
        )
    return chosen


def _plan(store: Store, design: Design, now: float) -> tuple[int, AuditPlan]:
    rows = store.query("SELECT * FROM audit_plans WHERE design = ? ORDER BY number DESC LIMIT 1", [design.number])
    [drawn] = store.query("SELECT COUNT(*) AS n FROM audit_draws WHERE design = ?", [design.number])
    if rows:
        [row] = rows
        alone = row["threshold"] is None
        if drawn["n"] < row["planned_on"] + (FEWEST if alone else REPLAN):
            threshold = math.inf if alone else row["threshold"]
            return row["number"], AuditPlan(threshold, row["at_threshold"], design.random_slice, design.budget)
    past = store.query(
        "SELECT ratio FROM audit_draws WHERE design = ? ORDER BY exchange DESC LIMIT ?", [design.number, PAST]
    )
    made = plan([row["ratio"] for row in past], design.budget, design.random_slice)
    number = int(rows[0]["number"]) + 1 if rows else 1
    store.execute(
        "INSERT INTO audit_plans (design, number, time, threshold, at_threshold, planned_on) VALUES (?, ?, ?, ?, ?, ?)",
        [
            design.number,
            number,
            now,
            made.threshold if math.isfinite(made.threshold) else None,
            made.at_threshold,
            drawn["n"],
        ],
    )
    return number, made


def _negatives(store: Store) -> dict[str, Sequence[float]]:
    found: dict[str, Sequence[float]] = {}
    for row in store.query("SELECT digest FROM detectors"):
        calibration = kept_calibration(store, row["digest"])
        if calibration is not None:
            found[row["digest"]] = calibration.negatives
    return found


def _ratios(store: Store, rows: Sequence[Row], negatives: Mapping[str, Sequence[float]]) -> dict[int, float]:
    scores: dict[int, dict[str, float | None]] = {}
    for row in store.query(
        "SELECT exchange, digest, score FROM verdicts JOIN detectors ON detectors.number = verdicts.detector"
        " WHERE exchange >= ? AND exchange <= ?",
        [rows[0]["number"], rows[-1]["number"]],
    ):
        scores.setdefault(row["exchange"], {})[row["digest"]] = row["score"]
    return {number: joint(found, negatives) for number, found in scores.items()}


def _latest_tasks(store: Store, traces: set[str]) -> dict[str, tuple[str, float]]:
    found = {}
    for trace in sorted(traces):
        rows = store.query(
            "SELECT task, exchanges.time AS time FROM audit_draws JOIN exchanges ON exchanges.number ="
            " audit_draws.exchange WHERE trace = ? ORDER BY number DESC LIMIT 1",
            [trace],
        )
        if rows:
            found[trace] = (rows[0]["task"], rows[0]["time"])
    return found
