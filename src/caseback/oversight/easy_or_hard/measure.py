"""All cells of a plan over a ladder, kept as they come, so that a run that was stopped goes on."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from caseback.dossier.disk import writing
from caseback.oversight.easy_or_hard.cell import Cell, measured, question
from caseback.oversight.easy_or_hard.plan import Plan, behaviours_of, checked
from caseback.oversight.ladder.rungs import Rung
from caseback.training.journal import Journal

Tell = Callable[[str, int, int], None]
"""``tell(what comes next, cells done, cells in all)``."""
CURVES = ("planted", "repaired", "again")


def cells(rungs: Sequence[Rung], plan: Plan, folder: Path, tell: Tell = lambda what, done, total: None) -> list[Cell]:
    """Measure each behaviour in each model with each seed, the weakest models first.

    Args:
        folder: takes the journal ``cells.jsonl``.

    Raises:
        CasebackError: a plan that cannot be carried out, or a training that diverged.
    """
    checked(plan)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    journal = Journal(folder / "cells.jsonl")
    wanted = [
        (rung, behaviour, seed) for rung in rungs for behaviour in behaviours_of(plan) for seed in range(plan.seeds)
    ]
    found = []
    for done, (rung, behaviour, seed) in enumerate(wanted):
        key = Journal.key(*question(rung, behaviour.name, seed, plan))
        record = journal.get(key)
        if record is None:
            tell(f"{behaviour.name} in {rung.name}, seed {seed}", done, len(wanted))
            made = measured(rung, behaviour, seed, plan)
            record = {"key": key, "cell": asdict(made)}
            journal.put([record])
        found.append(_read(record["cell"], rung.name))
    tell("", len(wanted), len(wanted))
    return found


def _read(data: dict[str, Any], name: str) -> Cell:
    """A cell as the journal keeps it: JSON has no whole numbers as keys. A model may have another name by now."""
    curves = {each: {int(size): value for size, value in data[each].items()} for each in CURVES}
    return Cell(**{**data, **curves, "model": name})
