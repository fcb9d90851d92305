"""The files of a game: ``game.json``, the subjects beside it, and red's key somewhere else."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caseback.audit.games.seal import KEY, KIND, VERSION, commitment_of
from caseback.dossier.measure import write_text
from caseback.errors import CasebackError

GAME, SUBJECTS, RECORD = "game.json", "subjects", "record"
"""In the folder of a game: what blue is told; the subjects' weights; the dossier of submissions and of the reveal."""
Data = Mapping[str, Any]


def write_json(path: Path, data: Data) -> None:
    """Write a JSON file whole or not at all."""
    write_text(path, json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def write_key(path: Path, key: Data) -> None:
    """Write the key, for its owner's eyes alone."""
    write_json(path, key)
    os.chmod(path, 0o600)


def read_game(folder: Path) -> dict[str, Any]:
    """``game.json`` of a folder, checked against its own commitment.

    Raises:
        CasebackError: it is missing, damaged or altered.
    """
    game = _read(folder / GAME, KIND, "make a game with `caseback game new`")
    if {"game", "ground", "base_digest", "access", "budget", "subjects", "draw", "commitment"} - set(game):
        raise CasebackError(f"{folder / GAME}: no game of this version of caseback; make one with `caseback game new`")
    if commitment_of(game) != game["commitment"]:
        raise CasebackError(f"{folder / GAME} was altered since the game was made: restore it as red gave it")
    return game


def read_key(path: Path) -> dict[str, Any]:
    """The key from its file, not yet held against a game.

    Raises:
        CasebackError: it cannot be read, or is none.
    """
    key = _read(path, KEY, "give the key that `caseback game new` wrote (--key)")
    if not isinstance(key.get("subjects"), dict) or "draw" not in key:
        raise CasebackError(f"{path}: no key of a game; give the one that `caseback game new` wrote (--key)")
    return key


def subject_folder(folder: Path, weights: Path | None, name: str) -> Path:
    """Where the weights of a subject lie: in the game's folder, or in one that red keeps."""
    return (weights or folder / SUBJECTS) / name


def _read(path: Path, kind: str, remedy: str) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CasebackError(f"{path} cannot be read ({error.strerror}): {remedy}") from None
    except (ValueError, RecursionError):
        raise CasebackError(f"{path} is damaged, no JSON: restore it, or {remedy}") from None
    if not isinstance(data, dict) or data.get("kind") != kind or data.get("version") != VERSION:
        raise CasebackError(f"{path}: no {kind} of this version: {remedy}")
    return data
