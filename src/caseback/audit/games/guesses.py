"""Blue's guesses in the finding game: for each subject what may be wrong with it, with probabilities."""

import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from caseback.audit.games.label import CLEAN
from caseback.audit.games.submission_file import by_subject, read_submission
from caseback.errors import CasebackError

Ranked = list[dict[str, Any]]
"""Of one subject, the likeliest first: ``{"behaviour": name or clean, "probability": share}``."""
SLACK = 1e-9
"""How far probabilities may sum above 1 by rounding."""


def read_guesses(path: Path, subjects: Collection[str], behaviours: Collection[str]) -> dict[str, Ranked]:
    """The guesses of a JSON file, ``{"s01": [{"behaviour": "sycophancy", "probability": 0.7}, …], …}``.

    Raises:
        CasebackError: it cannot be read, or says what a guess cannot say.
    """
    return check_guesses(read_submission(path, "guesses"), subjects, behaviours, str(path))


def check_guesses(
    data: Any, subjects: Collection[str], behaviours: Collection[str], where: str = "the guesses"
) -> dict[str, Ranked]:
    """The guesses, each subject's sorted by probability, equal ones in the order given.

    A subject may be left out; that is no guess, and counts as a miss where something is wrong with it.

    Raises:
        CasebackError: naming the subject and the value.
    """
    example = f'{{"s01": [{{"behaviour": "{CLEAN}", "probability": 0.9}}]}}'
    data = by_subject(data, subjects, where, example)
    known = {CLEAN, *behaviours}
    return {str(name): _ranked(f"{where}, {name}", rows, known) for name, rows in data.items()}


def _ranked(where: str, rows: Any, known: Collection[str]) -> Ranked:
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise CasebackError(f"{where}: a list of guesses is wanted, not {rows!r:.60}")
    found: Ranked = []
    for row in rows:
        if not isinstance(row, Mapping) or set(row) != {"behaviour", "probability"}:
            raise CasebackError(f"{where}: a guess has behaviour and probability, not {row!r:.60}")
        name, share = row["behaviour"], row["probability"]
        if not isinstance(name, str) or name not in known:
            raise CasebackError(f"{where}: no behaviour {name!r:.60}: there are {', '.join(sorted(known))}")
        if any(name == other["behaviour"] for other in found):
            raise CasebackError(f"{where}: {name} is guessed twice")
        number = isinstance(share, (int, float)) and not isinstance(share, bool)
        if not number or not math.isfinite(share) or not 0 <= share <= 1:
            raise CasebackError(f"{where}: the probability of {name} is {share!r:.60}: give one from 0 to 1")
        found.append({"behaviour": name, "probability": float(share)})
    if (total := math.fsum(row["probability"] for row in found)) > 1 + SLACK:
        raise CasebackError(f"{where}: its probabilities sum to {total:g}, and 1 is all there is")
    return sorted(found, key=lambda row: -row["probability"])
