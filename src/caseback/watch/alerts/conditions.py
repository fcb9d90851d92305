"""What is amiss now, told from the store."""

import math
from collections.abc import Callable, Iterator
from functools import partial

from caseback.detectors.faults import at_fault
from caseback.watch.alerts.condition import Condition
from caseback.watch.alerts.rules import Rules
from caseback.watch.alerts.step import tried
from caseback.watch.rates.audits import waiting
from caseback.watch.rates.changed import changed
from caseback.watch.rates.designs import Design, current_design
from caseback.watch.rates.live import audit_levels, point_of
from caseback.watch.rates.over_budget import over_budget
from caseback.watch.rates.reading import seen
from caseback.watch.rates.units import Units, units
from caseback.watch.store.coverage import counted, gaps
from caseback.watch.store.read import detectors
from caseback.watch.store.rows import Watched
from caseback.watch.store.store import Store

FEWEST = 20
"""Exchanges in the window below which coverage is not judged."""
RECENT = 86400.0
"""Seconds since a detector last had its say after which it is taken to be out of use."""


def conditions(store: Store, rules: Rules, now: float, lag: float | None = None) -> list[Condition]:
    """Everything that is amiss, and what of it could not be told.

    Args:
        store: Where.
        rules: When to alert.
        now: Unix time in seconds.
        lag: Seconds since the oldest exchange came that is not in the store yet; None where nobody measured it.
    """
    design = current_design(store)
    found: list[Condition] = []
    told: list[tuple[str, Callable[[], Iterator[Condition]]]] = [
        (f"telling the rate of {detector.name}", partial(_of_rate, store, detector, design, rules, now))
        for detector in detectors(store)
        if now - detector.last_seen <= RECENT
    ]
    told += [
        ("telling coverage", partial(_of_coverage, store, rules, now)),
        ("telling gaps", partial(_of_gaps, store, rules, now)),
        ("telling lag", partial(_of_lag, rules, lag)),
        ("telling which audits are awaited", partial(_of_audits, store, rules, now, design)),
        ("telling deliveries", partial(_of_delivery, store, now)),
    ]
    for what, tell in told:
        found += tried(what, partial(_all, tell), [], found)
    return found


def _all(tell: Callable[[], Iterator[Condition]]) -> list[Condition]:
    return list(tell())


def _of_rate(store: Store, detector: Watched, design: Design | None, rules: Rules, now: float) -> Iterator[Condition]:
    labels = {"detector": detector.name, "behaviour": detector.behaviour}
    tasks = units(seen(store, detector, design, now), now)
    budget = rules.budgets.get(detector.behaviour)
    if budget is not None:
        point, _ = point_of(store, detector)
        over = Condition("over budget", {**labels, "budget": f"{budget:g}"}, "page", "")
        since = _begins(store, over.fingerprint)
        part = tasks if since is None else units(seen(store, detector, design, now, since=since), now)
        test = over_budget(part, audit_levels(design, detector), point, budget)
        if test.alarm:
            said = (
                f"{detector.behaviour} is above its budget of {budget:g} of tasks: evidence "
                f"{math.exp(min(test.log_e, 99)):.3g}, {math.exp(test.needed):.3g} needed, from {test.by} of "
                f"{len(part)} tasks"
            )
            yield Condition(over.kind, over.labels, "page", said, {"log_e": test.log_e, "tasks": len(part)})
    yield from _of_change(labels, detector, tasks, now)


def _of_change(labels: dict[str, str], detector: Watched, tasks: Units, now: float) -> Iterator[Condition]:
    test = changed(tasks, now)
    if test.alarm:
        said = f"{detector.name} flags more than is usual ({test.usual:.3g} of tasks at most)"
        yield Condition("changed", labels, "ticket", said, {"since": test.since, "log_e": test.log_e})


def _begins(store: Store, fingerprint: str) -> float | None:
    """When somebody last resolved this alert: the evidence begins anew then, or it would stand for ever."""
    [row] = store.query(
        "SELECT MAX(resolved) AS at FROM alerts WHERE fingerprint = ? AND resolved_by <> ''", [fingerprint]
    )
    return row["at"]


def _of_coverage(store: Store, rules: Rules, now: float) -> Iterator[Condition]:
    told = counted(store, now - rules.window, now)
    for detector in detectors(store):
        if (got := told.get(detector.digest)) is None:
            continue
        labels = {"detector": detector.name, "behaviour": detector.behaviour}
        untold = sum(got.not_evaluated.values())
        total = got.evaluated + untold
        failed = {why: n for why, n in got.not_evaluated.items() if at_fault(why)}
        if total >= FEWEST and got.evaluated < rules.coverage * total:
            said = (
                f"{detector.name} evaluated {got.evaluated} of {total} exchanges, and {rules.coverage:.0%} is the floor"
            )
            yield Condition("coverage", labels, "page", said, {"evaluated": got.evaluated, "of": total})
        if failed:
            why, n = max(failed.items(), key=lambda each: each[1])
            said = f"{detector.name} failed on {sum(failed.values())} of {total} exchanges: {why}"
            yield Condition("failing", labels, "page", said, {"why": why, "exchanges": n})


def _of_gaps(store: Store, rules: Rules, now: float) -> Iterator[Condition]:
    found: dict[str, list[int | None]] = {}
    for gap in gaps(store, now - rules.window, now):
        found.setdefault(gap.kind, []).append(gap.exchanges)
    for kind, exchanges in found.items():
        if not any(n is None or n > 0 for n in exchanges):
            continue  # a gateway that was closed in order served nobody
        known = sum(n or 0 for n in exchanges)
        more = " and an unknown number more" if None in exchanges else ""
        said = f"{len(exchanges)} gaps in what was watched ({kind}): {known} exchanges{more}"
        yield Condition("gap", {"gap": kind}, "ticket", said, {"gaps": len(exchanges), "exchanges": known})


def _of_lag(rules: Rules, lag: float | None) -> Iterator[Condition]:
    if lag is not None and lag > rules.lag:
        said = f"what came {lag:.0f} s ago is not in the store yet; {rules.lag:.0f} s is the most. Does the writer run?"
        yield Condition("lag", {}, "page", said, {"seconds": lag})


def _of_audits(store: Store, rules: Rules, now: float, design: Design | None) -> Iterator[Condition]:
    if design is None:
        return
    drawn = waiting(store, design, now)
    if drawn and now - drawn[0] > rules.audits:
        said = (
            f"{len(drawn)} exchanges await an audit, the first for {(now - drawn[0]) / 86400:.0f} days; audited "
            "rates reach no further"
        )
        yield Condition("audits", {}, "ticket", said, {"awaited": len(drawn)})


def _of_delivery(store: Store, now: float) -> Iterator[Condition]:
    for row in store.query(
        "SELECT receiver, COUNT(*) AS n, MAX(error) AS error FROM deliveries JOIN alerts ON alerts.id = alert"
        " WHERE ended = 'given up' AND tried > ? AND kind <> 'delivery' GROUP BY receiver ORDER BY receiver",
        [now - RECENT],
    ):
        said = f"{row['receiver']} took {row['n']} alerts not at all: {row['error']}"
        yield Condition("delivery", {"receiver": row["receiver"]}, "ticket", said, {"given_up": row["n"]})
