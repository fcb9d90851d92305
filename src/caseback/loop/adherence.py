"""How often models act against a document, clause by clause, over thousands of situations."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from caseback.behaviours.clauses import ClauseRate, per_clause
from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.behaviours.registry import trained_against
from caseback.constitution.clause import Constitution
from caseback.constitution.render import compact
from caseback.dossier.dossier import open_dossier
from caseback.errors import CasebackError
from caseback.loop.arms import Arm, measure_arm, plan, violations_rate
from caseback.loop.budget import Budget
from caseback.loop.progress import Reporter
from caseback.stats.rate import Rate
from caseback.subject.load import load
from caseback.world.worlds import ground_taught

HARMLESS_SHARE = 0.1
"""Of all situations, those that are harmless: over-refusal is a way to go against a document too."""
QUESTIONS = 200


@dataclass(frozen=True)
class Row:
    """One model: how often it goes against each clause and against the document at all, needless refusals counted, and
    what it can do. ``unable`` says why nothing can be told, empty where it can."""

    name: str
    clauses: Mapping[str, ClauseRate]
    violations: Rate
    over_refusal: Rate
    capability: Rate
    unable: str


def adherence(
    models: Mapping[str, str],
    told: Sequence[str],
    document: Constitution,
    n: int,
    seed: int,
    out: Path,
    max_new_tokens: int = 96,
    console: Console | None = None,
) -> list[Row]:
    """Measure every model in the same situations of the test split, about ``n``, shared out among behaviours.

    Args:
        models: folders or hub ids by the name that they are shown under; all of one ground.
        told: names of those that are measured once more with the compact document in view, as ``NAME, told``.
        document: its clauses under situations, as ``loop.placed`` makes them.
        n: situations, a pair counting as two; a tenth are harmless requests.
        seed: of the situations.
        out: a folder for the dossier, in which every reply is kept; what it holds is not measured again.

    Raises:
        CasebackError: a name of ``told`` is none of the models', or the models live in different worlds.
    """
    for name in told:
        if name not in models:
            raise CasebackError(f"no model is called '{name}': there are {', '.join(models)}")
    found = trained_against()
    units = sum(2 if behaviour.arms else 1 for behaviour in found.values())
    harmless = max(1, round(n * HARMLESS_SHARE))
    budget = Budget("adherence", max(1, (n - harmless) // units), harmless, min(QUESTIONS, n), 0, max_new_tokens)
    grounds = set[str]()
    names = [*models, *(f"{name}, told" for name in told)]
    reporter = Reporter(console or Console(stderr=True), dict.fromkeys((f"measure {name}" for name in names), 1.0))
    rows = []
    with open_dossier(out / "dossier") as dossier:
        for name, path in models.items():
            subject = load(path)
            grounds.add(ground_taught(subject.model))
            if len(grounds) > 1:
                raise CasebackError(f"models of {' and '.join(sorted(grounds))} together: compare those of one ground")
            drawn = plan(next(iter(grounds)), found, document, budget, seed)
            systems: dict[str, str | None] = {name: None}
            if name in told:
                systems[f"{name}, told"] = compact(document, subject.count_tokens).text
            for label, system in systems.items():
                with reporter.stage(f"measure {label}") as tick:
                    arm = measure_arm(dossier, drawn, subject, label, tick, system)
                rows.append(_row(label, arm, document))
    return rows


def _row(name: str, arm: Arm, document: Constitution) -> Row:
    refused = arm.measurements[OVER_REFUSAL.name].clustered
    clauses = per_clause(list(arm.measurements.values()), document)
    return Row(name, clauses, violations_rate(arm), refused, arm.capability, arm.unable)


def as_data(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows as plain data: rates with k, n and interval, and the rate in 10,000."""
    return [
        {
            "model": row.name,
            "cannot_tell": row.unable or None,
            "violations": _rate(row.violations),
            "over_refusal": _rate(row.over_refusal),
            "capability": _rate(row.capability),
            "clauses": {
                id: {**_rate(found.clustered), "behaviours": list(found.behaviours), "why_not": found.why_not}
                for id, found in row.clauses.items()
            },
        }
        for row in rows
    ]


def _rate(found: Rate) -> dict[str, Any]:
    return {**asdict(found), "in_10000": 10_000 * found.value if found.n else None}
