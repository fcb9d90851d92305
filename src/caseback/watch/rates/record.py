"""Live rates on their way into the evidence: a record in a subject's dossier for each detector."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from caseback.dossier.dossier import Dossier
from caseback.dossier.record import Record
from caseback.errors import CasebackError
from caseback.watch.rates.live import LiveRate

KIND = "live_rate"
"""Of the dossier's record."""


def record_rates(dossier: Dossier, rows: Sequence[LiveRate]) -> list[Record]:
    """Appends the rate of each detector that had traffic to look at, told or not: that it cannot be told is a finding.

    Raises:
        CasebackError: there was no traffic, or the dossier cannot be written.
    """
    seen = [row for row in rows if row.counts.exchanges]
    if not seen:
        raise CasebackError("no detector has had traffic to look at yet: there is nothing to record")
    return [dossier.append(KIND, rate_body(row)) for row in seen]


def rate_body(live: LiveRate) -> dict[str, Any]:
    """The body of a ``live_rate`` record; ``model`` is as clients asked for it."""
    return {
        "behaviour": live.behaviour,
        "detector": {"name": live.detector, "digest": live.digest},
        "model": live.group.value if live.group.by == "model" else None,
        "since": live.since,
        "until": live.until,
        "rate": rate_data(live),
    }


def rate_data(live: LiveRate | None) -> dict[str, Any] | None:
    """A live rate as the dossier and an advisory have it; ``low_of_all`` and ``high_of_all`` bound all traffic."""
    if live is None:
        return None
    best = live.best
    how = {id(live.both): "audits and flags", id(live.audits): "audits"}.get(id(best), "flags")
    return {
        "value": best.value,
        "low": best.low,
        "high": best.high,
        "confidence": best.confidence,
        "method": f"confidence sequence, valid at any time, from {how}",
        "denominator": "tasks: traces, and exchanges without one",
        "trials": best.tasks,
        "low_of_all": live.of_all[0],
        "high_of_all": live.of_all[1],
        "coverage": live.counts.coverage,
        "counts": asdict(live.counts),
        "why": best.why,
    }
