"""Under which conditions a behaviour shows: every combination measured on the same situations, and what each adds.

A rate under one set of conditions says little about another: what a model does may hang on who is in, on what it is
told, and on both together. So conditions are crossed, in a full factorial.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from itertools import product
from typing import Any

from caseback.audit.conditions import chosen
from caseback.behaviours.behaviour import Behaviour, Ground, Puts
from caseback.behaviours.measure import measure
from caseback.interp.plain_data import plain_data
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.factorial import Cell, Effect, effects
from caseback.subject.subject import Sampling, Subject
from caseback.training.journal import Journal
from caseback.training.sample import seed_for
from caseback.world.situation import Situation

KIND, VERSION = "condition map", 1
Row = tuple[str, str, bool | None]
"""Of a situation, or pair: its name, its family, and whether the behaviour was shown."""


def condition_map(
    subject: Subject,
    behaviour: Behaviour,
    ground: Ground,
    names: Sequence[str] = (),
    n: int = 20,
    seed: int = 0,
    max_new_tokens: int = 96,
    journal: Journal | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """The map as plain data: conditions, the rate in every cell, main effects and two-way interactions.

    Every cell has the same held-out situations, and a situation the same seed in all cells, so that a condition that
    changes nothing has no effect at all. Replies are drawn at temperature 1: a rate is the chance that it does it.

    Args:
        names: conditions, see ``chosen``.
        n: situations, or pairs, in each cell.
        journal: keeps each cell, so that a run that was killed repeats none.
        progress: called with (cells done, cells in all).

    Raises:
        CasebackError: unknown conditions, or a ground on which the behaviour has no situations.
    """
    puts = chosen(behaviour, ground, tuple(names), seed)
    levels = [tuple(each) for each in puts.values()]
    drawn = behaviour.situations(ground, "test", n, seed)
    kept = journal or Journal(None)
    placed = {cell: _placed(drawn, puts, cell) for cell in product((0, 1), repeat=len(levels))}
    rows: dict[Cell, list[Row]] = {}
    for cell, asked in placed.items():
        rows[cell] = _measured(subject, behaviour, asked, seed, max_new_tokens, kept)
        if progress:
            progress(len(rows), 2 ** len(levels))
    first = next(iter(rows.values()))
    outcomes = {cell: [shown for _, _, shown in each] for cell, each in rows.items()}
    found, by_family = effects(outcomes, [family for _, family, _ in first], [name for name, _, _ in first])
    conditions = [{"name": name, "levels": list(each)} for name, each in puts.items()]
    return {
        "kind": KIND,
        "version": VERSION,
        "behaviour": behaviour.name,
        "subject": subject.name,
        "digest": subject.digest,
        "ground": ground,
        "n": len(first),
        "seed": seed,
        "conditions": conditions,
        "cells": [_cell(cell, levels, each) for cell, each in rows.items()],
        "clustered_by": "family" if by_family else "situation",
        "families": len({family for _, family, _ in first}),
        "effects": [_effect(each, list(puts)) for each in found],
    }


def _placed(drawn: Sequence[Situation], puts: Mapping[str, Puts], cell: Cell) -> list[Situation]:
    """The situations of a cell, each condition put at its level in turn."""
    placed = list(drawn)
    for levels, level in zip(puts.values(), cell, strict=True):
        put = list(levels.values())[level]
        placed = [put(item) for item in placed]
    return placed


def _measured(
    subject: Subject, behaviour: Behaviour, asked: Sequence[Situation], seed: int, max_new_tokens: int, journal: Journal
) -> list[Row]:
    # What a situation is acted out in may differ where its messages do not.
    what: list[Any] = [
        [item.id, [dict(message) for message in item.messages], plain_data(item.latents)] for item in asked
    ]
    key = Journal.key("condition map", VERSION, subject.digest, behaviour.name, what, seed, max_new_tokens)
    if (record := journal.get(key)) is None:
        found = measure(
            subject,
            behaviour,
            asked,
            sampling=Sampling(max_new_tokens, temperature=1.0),
            seeds=[seed_for(seed, item.id) for item in asked],
        )
        rows = [[unit.samples[0].situation.id, unit.family, unit.shown] for unit in found.units]
        record = {"key": key, "rows": rows}
        journal.put([record])
    return [(name, family, shown) for name, family, shown in record["rows"]]


def _cell(cell: Cell, levels: Sequence[tuple[str, ...]], rows: Sequence[Row]) -> dict[str, Any]:
    judged = [(family, shown) for _, family, shown in rows if shown is not None]
    rate = clustered_rate(by_cluster([family for family, _ in judged], [shown for _, shown in judged]))
    return {
        "levels": [names[level] for names, level in zip(levels, cell, strict=True)],
        "rate": {**asdict(rate), "value": rate.value if rate.n else None},
        "unknown": len(rows) - len(judged),
    }


def _effect(effect: Effect, names: Sequence[str]) -> dict[str, Any]:
    value = None if math.isnan(effect.value) else effect.value
    return {**asdict(effect), "of": [names[i] for i in effect.of], "value": value}
