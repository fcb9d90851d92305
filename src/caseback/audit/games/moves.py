"""The moves of a game, in a dossier beside it: submissions, all of them kept, and the reveal that ends it.

The dossier is append-only, every record is on disk before a command returns, and each bears the hash of the one before.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from caseback.audit.games.game_file import RECORD
from caseback.dossier.dossier import open_dossier, read_dossier
from caseback.dossier.record import Record, digest
from caseback.errors import CasebackError

SUBMISSION, REVEAL = "submission", "reveal"


def submit(folder: Path, body: Mapping[str, Any]) -> Record:
    """Append a submission. One that says what the last one said is not appended again.

    Raises:
        CasebackError: the labels have been revealed already.
    """
    with open_dossier(folder / RECORD) as record:
        moves = list(record.records())
        _refuse_after(folder, moves)
        last = next((move for move in reversed(moves) if move.kind == SUBMISSION), None)
        if last and digest(last.body) == digest(dict(body)):
            return last
        made = record.append(SUBMISSION, body)
        # A reveal that came between the look and the move.
        _refuse_after(folder, [move for move in record.records() if move.number < made.number])
        return made


def reveal(folder: Path, body: Mapping[str, Any]) -> tuple[list[Record], Record]:
    """Append the reveal, and return the submissions before it, and it. The first reveal is the only one.

    Raises:
        CasebackError: nothing was submitted, or the record of moves was tampered with.
    """
    with open_dossier(folder / RECORD) as record:
        if flaws := record.verify():
            raise CasebackError(
                f"{folder / RECORD} is not what was written ({flaws[0].where}: {flaws[0].what}), so nothing is scored; "
                "restore it from a copy"
            )
        moves = list(record.records())
        if not any(move.kind == SUBMISSION for move in moves):
            raise CasebackError(
                f"{folder}: nothing was submitted yet, and a reveal would end the game; see `game submit`"
            )
        if not any(move.kind == REVEAL for move in moves):
            record.append(REVEAL, body)
            moves = list(record.records())
    end = next(move for move in moves if move.kind == REVEAL)
    return [move for move in moves if move.kind == SUBMISSION and move.number < end.number], end


def moves_of(folder: Path) -> tuple[list[Record], Record | None]:
    """The submissions so far, before the reveal where there was one, and the reveal."""
    if not (folder / RECORD).exists():
        return [], None
    with read_dossier(folder / RECORD) as record:
        moves = list(record.records())
    end = next((move for move in moves if move.kind == REVEAL), None)
    before = [m for m in moves if m.kind == SUBMISSION and (end is None or m.number < end.number)]
    return before, end


def _refuse_after(folder: Path, moves: Sequence[Record]) -> None:
    if any(move.kind == REVEAL for move in moves):
        raise CasebackError(
            f"{folder}: its labels have been revealed, so no submission counts any more; ask red for a new game"
        )
