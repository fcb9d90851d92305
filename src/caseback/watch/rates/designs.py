"""How exchanges are drawn for audit: written down before the first is, and kept for as long as rates rest on it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from caseback.errors import CasebackError
from caseback.watch.rates.sampling import commitment
from caseback.watch.store.store import Store


@dataclass(frozen=True)
class Design:
    """How exchanges are drawn, from number ``first_exchange`` on.

    Attributes:
        number: Of the design; designs follow one another.
        begun: Unix time in seconds.
        first_exchange: Number of the first exchange that it is for.
        random_slice: The probability that any exchange is drawn with at least.
        budget: Share of exchanges that people look at.
        reviewers: How many people must agree: 1 or 2.
        behaviours: What they are asked about.
        commitment: SHA-256 of the key.
    """

    number: int
    begun: float
    first_exchange: int
    random_slice: float
    budget: float
    reviewers: int
    behaviours: tuple[str, ...]
    commitment: str


def begin_design(
    store: Store,
    key: bytes,
    behaviours: Sequence[str],
    *,
    random_slice: float,
    budget: float,
    reviewers: int,
    now: float,
) -> Design:
    """Begins to draw: from the next exchange on, and with it the rates that audits give.

    The bounds rest on a random slice that was fixed before anything was seen, so a design is not altered. Another one
    begins the audited rates anew.

    Raises:
        CasebackError: shares that cannot be, no behaviour, a number of reviewers other than 1 and 2, or a short key.
    """
    if not 0 < random_slice <= budget <= 1:
        raise CasebackError(
            f"a random slice of {random_slice} and a budget of {budget}: give 0 < slice <= budget <= 1, such as 0.01 "
            "and 0.02"
        )
    if not behaviours or reviewers not in (1, 2):
        raise CasebackError(f"{reviewers} reviewers of {len(behaviours)} behaviours: give 1 or 2, and one at least")
    if len(key) < 16:
        raise CasebackError(f"a key of {len(key)} bytes: give 16 at least, at random")
    with store.transaction(durable=True):
        [row] = store.query("SELECT COALESCE(MAX(number), 0) AS last FROM exchanges")
        [own] = store.query("SELECT COALESCE(MAX(number), 0) AS last FROM audit_designs")
        made = Design(
            int(own["last"]) + 1,
            now,
            int(row["last"]) + 1,
            random_slice,
            budget,
            reviewers,
            tuple(dict.fromkeys(behaviours)),
            commitment(key),
        )
        store.execute(
            "INSERT INTO audit_designs (number, begun, first_exchange, random_slice, budget, reviewers, behaviours,"
            " commitment) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                made.number,
                made.begun,
                made.first_exchange,
                random_slice,
                budget,
                reviewers,
                json.dumps(made.behaviours),
                made.commitment,
            ],
        )
    return made


def current_design(store: Store) -> Design | None:
    """The design in force; None where nobody has begun to draw."""
    rows = store.query("SELECT * FROM audit_designs ORDER BY number DESC LIMIT 1")
    return Design(**{**rows[0], "behaviours": tuple(json.loads(rows[0]["behaviours"]))}) if rows else None
