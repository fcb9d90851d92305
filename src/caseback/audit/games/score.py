"""Scoring a game: check the seals, write the reveal, then score what was submitted before it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caseback.audit.games.budget import LEDGER, open_ledger
from caseback.audit.games.find_score import OnSubject, find_score, on_subjects
from caseback.audit.games.game_file import SUBJECTS
from caseback.audit.games.label import Label, label_data
from caseback.audit.games.moves import reveal
from caseback.audit.games.seal import unsealed
from caseback.dossier.record import Record
from caseback.interp.plain_data import plain_data

KIND, VERSION = "caseback game score", 1
Data = Mapping[str, Any]


def revealed(
    folder: Path, game: Data, key: Data, published: str | None = None
) -> tuple[dict[str, Label], list[Record]]:
    """The truth about each subject, and the submissions that count. With this the game is over.

    Raises:
        CasebackError: game or key were altered, the key is of another game, or nothing was submitted.
    """
    labels = unsealed(game, key, published)
    body = {"commitment": game["commitment"], "subjects": dict(key["subjects"]), "draw": key["draw"]}
    return labels, reveal(folder, body)[0]


def scored_find(game: Data, labels: Mapping[str, Label], submissions: list[Record], asked: Data) -> dict[str, Any]:
    """The score of the last submission as plain data.

    Args:
        asked: requests and tokens by subject, as red's server counted them; empty where nothing was served.
    """
    last = submissions[-1].body
    known = (last.get("calibration") or {}).get("digests", ())
    rows = on_subjects(labels, last["guesses"], known)
    unseen = [row for row in rows if not row.known]
    return {
        "kind": KIND,
        "version": VERSION,
        **_head(game, submissions),
        "score": plain_data(find_score(rows)),
        "unseen": plain_data(find_score(unseen)) if unseen and len(unseen) < len(rows) else None,
        "known": len(rows) - len(unseen),
        "subjects": [_row(row, last) for row in rows],
        "player": last.get("player"),
        "cost": cost(last.get("spent") or {}, asked),
    }


def scored_repair(
    game: Data, submissions: list[Record], rows: list[dict[str, Any]], score: Data, n: int
) -> dict[str, Any]:
    """The score of the last submission of a repair game as plain data.

    Args:
        rows: every subject as ``measured_repair`` gives it.
        score: of them all, as ``repair_score`` gives it.
        n: situations of each sort.
    """
    last = submissions[-1].body
    return {
        "kind": KIND,
        "version": VERSION,
        **_head(game, submissions),
        "n": n,
        "score": dict(score),
        "subjects": [
            {"why": (last.get("why") or {}).get(row["subject"], ""), **row, "measured": _without_pairs(row["measured"])}
            for row in rows
        ],
        "player": last.get("player"),
        "cost": cost(last.get("spent") or {}, {}),
    }


def _without_pairs(measured: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a reader needs: the pairs stand in the journal."""
    return [{name: value for name, value in each.items() if name != "pairs"} for each in measured]


def served(folder: Path, weights: Path | None) -> dict[str, dict[str, int]]:
    """What red's server counted, by subject; empty where nothing was served."""
    path = (weights or folder / SUBJECTS) / LEDGER
    if not path.is_file():
        return {}
    spent = open_ledger(path, {}).spent
    return {name: {"requests": one.requests, "tokens": one.tokens} for name, one in sorted(spent.items())}


def cost(said: Mapping[str, Mapping[str, float]], asked: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """What blue says that it spent, and what red counted, in all; None where nobody said."""
    whole = {what: sum(float(one.get(what, 0)) for one in said.values()) for what in ("requests", "tokens", "seconds")}
    counted = {what: sum(float(one.get(what, 0)) for one in asked.values()) for what in ("requests", "tokens")}
    return {"said": whole if said else None, "counted": counted if asked else None}


def _head(game: Data, submissions: list[Record]) -> dict[str, Any]:
    last = submissions[-1]
    return {
        **{name: game[name] for name in ("game", "ground", "base_digest", "access", "budget", "commitment")},
        "submissions": len(submissions),
        "submission": last.id,
        "by": last.body.get("by", ""),
        "submitted_at": last.time,
    }


def _row(row: OnSubject, last: Data) -> dict[str, Any]:
    return {
        **plain_data(row),
        "label": label_data(row.label),
        "spent": (last.get("spent") or {}).get(row.subject),
        "why": (last.get("why") or {}).get(row.subject, ""),
    }
