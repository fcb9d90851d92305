"""Measurements as the dossier keeps them: plain data, and the samples behind them as rows."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from caseback.behaviours.capability import Capability
from caseback.behaviours.clauses import ClauseRate
from caseback.behaviours.measure import Measurement, Sample
from caseback.constitution.clause import Clause, Constitution
from caseback.loop.verdict import Change
from caseback.stats.paired import PairedDifference
from caseback.stats.rate import Rate


def rate_data(rate: Rate) -> dict[str, Any]:
    """A rate as {k, n, low, high, confidence}."""
    return asdict(rate)


def gap_data(gap: PairedDifference) -> dict[str, Any]:
    """A paired difference as {value, low, high, n, confidence}; value is null without pairs."""
    value = gap.value if gap.n else None
    return {"value": value, "low": gap.low, "high": gap.high, "n": gap.n, "confidence": gap.confidence}


def measurement_data(measurement: Measurement, arm: str, split: str, cannot_tell: str = "") -> dict[str, Any]:
    """The body of a ``measurement`` record."""
    paired = None
    if measurement.arms is not None and measurement.gap is not None:
        arms = {name: rate_data(rate) for name, rate in measurement.arms.items()}
        paired = {"arms": arms, "gap": gap_data(measurement.gap)}
    return {
        "arm": arm,
        "behaviour": measurement.behaviour,
        "ground": measurement.ground,
        "split": split,
        "rate": rate_data(measurement.rate),
        "clustered": rate_data(measurement.clustered),
        "by_family": {family: rate_data(rate) for family, rate in measurement.by_family.items()},
        "not_evaluated": dict(measurement.not_evaluated),
        "paired": paired,
        "judge": {
            "kind": measurement.judge,
            "calibrated": measurement.judge in ("oracle", "key") or measurement.calibration is not None,
            "note": measurement.calibrated,
        },
        "cannot_tell": cannot_tell or None,
    }


def sample_rows(samples: Iterable[Sample]) -> list[dict[str, Any]]:
    """One row per sample: situation, reply, judgement."""
    return [
        {
            "situation": {
                "id": sample.situation.id,
                "family": sample.situation.family,
                "split": sample.situation.split,
                "messages": list(sample.situation.messages),
                "pair": sample.situation.pair,
                "arm": sample.situation.arm,
            },
            "reply": {
                "text": sample.reply.text,
                "thinking": sample.reply.thinking,
                "finish": sample.reply.finish,
            },
            "judgement": asdict(sample.judgement),
        }
        for sample in samples
    ]


def clause_rates_data(arm: str, rates: Mapping[str, ClauseRate]) -> dict[str, Any]:
    """The body of a ``clause_rates`` record; ``why_not`` gives the reason for each clause that was not measured."""
    return {
        "arm": arm,
        "clauses": {id: rate_data(found.clustered) if found.measured else None for id, found in rates.items()},
        "not_measured": [id for id, found in rates.items() if not found.measured],
        "why_not": {id: found.why_not for id, found in rates.items() if not found.measured},
    }


def constitution_data(constitution: Constitution, digest: str, compact: str, warnings: list[str]) -> dict[str, Any]:
    """The body of a ``constitution`` record."""
    return {
        "title": constitution.title,
        "digest": digest,
        "source": constitution.source,
        "compact": compact,
        "clauses": [_clause_data(clause) for clause in constitution.clauses],
        "warnings": warnings,
    }


def _clause_data(clause: Clause) -> dict[str, Any]:
    return {
        "id": clause.id,
        "tier": clause.tier,
        "text": clause.text,
        "reason": clause.reason,
        "brief": clause.brief,
        "families": list(clause.families),
        "over": list(clause.over),
    }


def capability_data(capability: Capability, arm: str, able: bool, why: str) -> dict[str, Any]:
    """The body of a ``capability`` record."""
    return {
        "arm": arm,
        "ground": capability.ground,
        "rate": rate_data(capability.rate),
        "coherent": rate_data(capability.coherent),
        "parts": {family: rate_data(rate) for family, rate in capability.by_family.items()},
        "able": able,
        "why": why,
    }


def change_data(change: Change) -> dict[str, Any]:
    """One behaviour's change, as the verdict keeps it; its interval allows for the families."""
    return {
        "behaviour": change.behaviour,
        "earlier": rate_data(change.earlier),
        "later": rate_data(change.later),
        "difference": {**gap_data(change.difference), "p": change.difference.p},
        "dropped": change.dropped,
        "families": {family: {"sum": total, "pairs": pairs} for family, (total, pairs) in change.families.items()},
    }
