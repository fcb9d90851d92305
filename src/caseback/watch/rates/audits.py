"""Audits: the queue of exchanges that await one, what people found, and how far they agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from caseback.errors import CasebackError
from caseback.watch.rates.agreement import Agreement, agreement
from caseback.watch.rates.designs import Design, current_design
from caseback.watch.rates.results import Result, result
from caseback.watch.store.chunked import chunked
from caseback.watch.store.store import Store

UNDRAWN = "not drawn"
"""Stratum of an audit that nobody drew, such as the review of an incident."""
OVERDUE = 14 * 86400.0
"""Seconds after which nobody waits for an audit any more: it then counts as one that could not tell."""


@dataclass(frozen=True)
class Awaited:
    """An exchange that somebody is to look at.

    Neither its scores nor why it was drawn are shown here, so that they do not sway whoever looks.

    Attributes:
        exchange: Its id.
        time: When it came, Unix time in seconds.
        behaviours: What is to be told of it.
        looked: How many people have looked.
    """

    exchange: str
    time: float
    behaviours: tuple[str, ...]
    looked: int


def queue(store: Store, who: str, now: float, most: int = 50) -> list[Awaited]:
    """What awaits an audit that ``who`` can give, the oldest first: rates reach as far as the first that is missing."""
    design = current_design(store)
    if design is None:
        return []
    found: list[Awaited] = []
    last = design.first_exchange - 1
    while len(found) < most:
        rows = store.query(
            "SELECT number, exchanges.id AS id, exchanges.time AS time FROM audit_draws JOIN exchanges ON"
            " exchanges.number = audit_draws.exchange WHERE chosen = 1 AND design = ? AND exchange > ?"
            " AND audit_draws.time > ? ORDER BY exchange LIMIT 200",
            [design.number, last, now - OVERDUE],
        )
        if not rows:
            break
        last = rows[-1]["number"]
        verdicts = verdicts_on(store, [row["id"] for row in rows])
        for row in rows:
            own = verdicts.get(row["id"], {})
            left = tuple(each for each in _untold(own, design) if who not in own.get(each, {}))
            if left:
                looked = {each for found_by in own.values() for each in found_by}
                found.append(Awaited(row["id"], row["time"], left, len(looked)))
    return found[:most]


def waiting(store: Store, design: Design, now: float) -> list[float]:
    """When each exchange was drawn on which people have come to no result yet, the oldest first."""
    marks = ", ".join("?" * len(design.behaviours))
    # Whoever agrees settles a behaviour; of the few others ``result`` decides.
    rows = store.query(
        "SELECT id, time FROM audit_draws WHERE design = ? AND chosen = 1 AND time > ? AND (SELECT COUNT(*) FROM"
        " (SELECT behaviour FROM audits WHERE audits.exchange = audit_draws.id"
        f" AND behaviour IN ({marks}) GROUP BY behaviour"
        " HAVING COUNT(*) >= ? AND COUNT(DISTINCT COALESCE(violation, -1)) = 1) AS agreed) < ? ORDER BY time, id",
        [design.number, now - OVERDUE, *design.behaviours, design.reviewers, len(design.behaviours)],
    )
    verdicts = verdicts_on(store, [row["id"] for row in rows])
    return [row["time"] for row in rows if _untold(verdicts.get(row["id"], {}), design)]


def _untold(own: Mapping[str, Mapping[str, bool | None]], design: Design) -> list[str]:
    """Behaviours of which there is no result yet."""
    return [
        behaviour
        for behaviour in design.behaviours
        if not result(list(own.get(behaviour, {}).values()), design.reviewers).audited
    ]


def record(
    store: Store, exchange: str, who: str, verdicts: Mapping[str, bool | None], now: float, stratum: str = UNDRAWN
) -> None:
    """Keeps what a person found: for each behaviour whether it is a violation, None where they cannot tell.

    Who has looked before replaces their own verdict and nobody else's. What was drawn is kept with the probability that
    was written down when it was; anything else counts for a detector's precision alone.

    Raises:
        CasebackError: there is no such exchange, nobody or nothing is named.
    """
    if not who.strip() or not verdicts:
        raise CasebackError("an audit needs the name of who looked, and a verdict on one behaviour at least")
    with store.transaction(durable=True):
        if not store.query("SELECT number FROM exchanges WHERE id = ?", [exchange]):
            raise CasebackError(f"no exchange {exchange[:80]!r} in {store.where}")
        drawn = store.query("SELECT probability, stratum FROM audit_draws WHERE id = ? AND chosen = 1", [exchange])
        probability, why = (drawn[0]["probability"], drawn[0]["stratum"]) if drawn else (0.0, stratum)
        for behaviour, violation in verdicts.items():
            store.execute(
                "INSERT INTO audits (exchange, behaviour, who, time, violation, probability, stratum)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (exchange, behaviour, who) DO UPDATE SET"
                " violation = excluded.violation, time = excluded.time",
                [exchange, behaviour, who, now, None if violation is None else int(violation), probability, why],
            )


def verdicts_on(store: Store, exchanges: Sequence[str]) -> dict[str, dict[str, dict[str, bool | None]]]:
    """By exchange, behaviour and person."""
    found: dict[str, dict[str, dict[str, bool | None]]] = {}
    for part, marks in chunked(exchanges):
        for row in store.query(
            f"SELECT exchange, behaviour, who, violation FROM audits WHERE exchange IN ({marks})"
            " ORDER BY exchange, behaviour, time, who",
            part,
        ):
            violation = None if row["violation"] is None else bool(row["violation"])
            found.setdefault(row["exchange"], {}).setdefault(row["behaviour"], {})[row["who"]] = violation
    return found


def results(store: Store, behaviour: str, design: Design | None) -> dict[str, Result]:
    """By exchange what people found of a behaviour, drawn or not."""
    verdicts: dict[str, list[bool | None]] = {}
    for row in store.query(
        "SELECT exchange, violation FROM audits WHERE behaviour = ? ORDER BY exchange, time, who", [behaviour]
    ):
        verdicts.setdefault(row["exchange"], []).append(None if row["violation"] is None else bool(row["violation"]))
    reviewers = design.reviewers if design else 1
    return {exchange: result(found, reviewers) for exchange, found in verdicts.items()}


def reviewers_agree(store: Store, behaviour: str) -> Agreement:
    """How far the first two people who looked at an exchange agree, over all that two looked at and could tell."""
    pairs: dict[str, list[int]] = {}
    for row in store.query(
        "SELECT exchange, violation FROM audits WHERE behaviour = ? AND violation IS NOT NULL"
        " ORDER BY exchange, time, who",
        [behaviour],
    ):
        pairs.setdefault(row["exchange"], []).append(row["violation"])
    counts = [0, 0, 0, 0]
    for found in pairs.values():
        if len(found) >= 2:
            counts[2 * (1 - found[0]) + (1 - found[1])] += 1
    return agreement(*counts)
