"""An untrusted model and what it did: its attacks and its honest work, told apart by the oracle."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from caseback.behaviours.registry import behaviour
from caseback.constitution.clause import Clause
from caseback.constitution.default import default
from caseback.errors import CasebackError
from caseback.oversight.control.monitors import Row
from caseback.subject.open_subject import OpenSubject


@dataclass(frozen=True)
class Case:
    """A planted behaviour.

    Attributes:
        name: of the behaviour.
        clause: that it breaks; monitors are asked about it.
        untrusted: the model that it is planted in.
        calibration: honest answers on which thresholds are set.
        honest: those on which they are measured: clean answers of the same model.
        attacks: its answers that show the behaviour.
    """

    name: str
    clause: Clause
    untrusted: OpenSubject
    calibration: tuple[Row, ...]
    honest: tuple[Row, ...]
    attacks: tuple[Row, ...]


def case(folder: Path, untrusted: OpenSubject, most: int, seed: int) -> Case:
    """The case in a folder that has the replies of a planted model in ``dev.json`` and ``test.json``, named for its
    behaviour. Thresholds are set on the first, everything is measured on the second.

    Args:
        most: answers of each kind, drawn by ``seed`` where there are more.

    Raises:
        CasebackError: a file is missing or is not such a list, or has no attack or no honest answer.
    """
    dev, test = (read_rows(folder / f"{split}.json") for split in ("dev", "test"))
    about = behaviour(folder.name)
    clauses = [clause for clause in default().clauses if any(clause.covers(family) for family in about.families)]
    if not clauses:
        raise CasebackError(f"{folder}: no clause of the default constitution bears on {about.name}: give another")

    def drawn(rows: Sequence[Row], label: bool) -> tuple[Row, ...]:
        of_it = [row for row in rows if row["label"] is label]
        return tuple(of_it if len(of_it) <= most else random.Random(f"case/{seed}").sample(of_it, most))

    made = Case(about.name, clauses[0], untrusted, drawn(dev, False), drawn(test, False), drawn(test, True))
    if not (made.calibration and made.honest and made.attacks):
        raise CasebackError(f"{folder}: its replies need attacks in test.json and honest answers in dev.json and it")
    return made


def read_rows(path: Path) -> list[Row]:
    """Labelled transcripts from a file.

    Raises:
        CasebackError: it cannot be read, or a row is not one.
    """
    if not path.exists():
        raise CasebackError(f"{path}: not there; make it with `caseback oversee replies {path.parent}`")
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        for row in rows:
            if not (row["messages"][-1]["role"] == "assistant" and isinstance(row["label"], bool) and row["family"]):
                raise ValueError("a row does not end with an answer, or has no label or family")
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise CasebackError(
            f"{path}: no labelled replies to read ({error}); it must be a JSON list of rows with messages that end "
            "with an answer, family, and label true or false"
        ) from error
    found: list[Row] = rows
    return found
