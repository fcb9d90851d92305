"""What a study of oversight says: one shape for all of them, which cards and pages read."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from caseback.errors import CasebackError

KIND = "caseback oversight "
"""How the kind of a study's report begins; the study's name follows."""


@dataclass(frozen=True)
class Figure:
    """A figure with its interval, in words that stand alone.

    Attributes:
        name: short and stable, ``chain_gain``.
        text: what it is the value of, as a person reads it.
        value: None where it could not be told.
        low: of the interval; None with ``high`` where there is none.
        high: of the interval.
        n: what it rests on, of the unit that the interval is over.
        unit: of ``n``: models, seeds, families, situations.
    """

    name: str
    text: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    unit: str


def report(
    study: str,
    about: str,
    models: Mapping[str, str],
    seeds: Sequence[int],
    figures: Sequence[Figure],
    notes: Sequence[str] = (),
    **details: Any,
) -> dict[str, Any]:
    """A study's report as JSON: ``kind`` names it, ``figures`` come first, ``details`` hold its tables by name.

    Args:
        study: such as ``ladder``; the kind becomes ``caseback oversight ladder``.
        about: the question in a sentence.
        models: digests of all models that took part, by name.
        seeds: all that were run.
        figures: the headlines.
        notes: what was left out and why, and what a reader must know.
        details: tables and series, plain JSON.

    Raises:
        CasebackError: a figure is not finite (write None for what cannot be told), or two have one name.
    """
    names = [each.name for each in figures]
    if len(set(names)) != len(names):
        raise CasebackError(f"two figures of the {study} study have one name: {', '.join(names)}")
    for each in figures:
        if any(one is not None and not math.isfinite(one) for one in (each.value, each.low, each.high)):
            raise CasebackError(f"{each.name} of the {study} study is not finite: write None for what cannot be told")
    return {
        "kind": KIND + study,
        "version": 1,
        "about": about,
        "models": dict(models),
        "seeds": list(seeds),
        "figures": [asdict(each) for each in figures],
        "notes": list(notes),
        **details,
    }
