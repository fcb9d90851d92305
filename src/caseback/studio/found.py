"""What lies in a folder: dossiers, audits, calibrations, games and what was looked at, each by a name of its own."""

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caseback.audit.games.game_file import GAME, RECORD, SUBJECTS
from caseback.audit.packaged import packaged_calibration
from caseback.disclosure.overseen import NOTEBOOK
from caseback.dossier.database import DATABASE
from caseback.errors import CasebackError
from caseback.oversight.report import KIND
from caseback.studio.errors import AbsentError
from caseback.studio.looks import LOOKS

DEEPEST = 6
"""Folders below the one that is searched."""
LARGEST = 1 << 28
"""Bytes of a file that is read: 256 MiB."""
SKIPPED = {"artefacts", "__pycache__", "node_modules"}
KINDS = {
    "audit.json": "audits",
    "calibration.json": "calibrations",
    "conditions.json": "maps",
    "organism.json": "organisms",
    "direction.json": "directions",
    "labels.json": "labels",
    "detector.json": "detectors",
    "advisory.json": "advisories",
    "feed.json": "feeds",
    "import.json": "imports",
    "game.json": "games",
    **{f"{name}.json": "looks" for name in LOOKS},
}
"""What a file of this name is."""
HEAD = 4096
"""Bytes by which a graph, or a study, is known."""
STUDIES = {
    re.compile(rb'"kind":\s*"' + re.escape(KIND.encode())): "studies",
    re.compile(rb'"kind":\s*"' + re.escape(NOTEBOOK.encode()) + b'"'): "notebooks",
}
"""What a file is whose beginning names its kind so, whatever it is called."""
SHIPPED = "shipped"
"""Key of the calibration that comes along."""
EXPORT = ".caseback-export"
"""The file by which a folder of exported pages is known: what lies there is a copy."""


@dataclass(frozen=True)
class Found:
    """Where everything lies: by kind, then by key, which is the folder's path within the one searched."""

    by_kind: Mapping[str, Mapping[str, Path]]

    def all(self, kind: str) -> Mapping[str, Path]:
        """All of a kind by key, in order."""
        return self.by_kind.get(kind, {})

    def one(self, kind: str, key: str) -> Path:
        """The one with this key.

        Raises:
            AbsentError: there is none.
        """
        there = self.all(kind)
        if key not in there:
            raise AbsentError(f"no {kind} called {key!r:.80} in the folder that is shown")
        return there[key]


def search(folder: Path) -> Found:
    """Everything in a folder that pages can show. What cannot be entered is passed over."""
    found: dict[str, dict[str, Path]] = {}
    for place, folders, names in _walk(folder):
        key = _key(folder, place)
        if DATABASE in names:
            parent = _key(folder, place.parent) if place.name == "dossier" and place != folder else key
            found.setdefault("dossiers", {})[parent] = place
        for name in names:
            kind = KINDS.get(name)
            if kind in ("directions", "looks"):
                key_of = key if kind == "directions" else f"{key}/{name.removesuffix('.json')}"
                found.setdefault(kind, {})[key_of] = place / name
            elif kind:
                found.setdefault(kind, {})[key] = place / name
            elif name.endswith(".json") and (sort := _by_its_head(place / name, f"{name[:-5]}.html" in names)):
                found.setdefault(sort, {})[f"{key}/{name[:-5]}"] = place / name
        if GAME in names:  # what was submitted there is a dossier too, though none of a subject
            folders[:] = [each for each in folders if each not in (RECORD, SUBJECTS)]
        folders[:] = sorted(each for each in folders if each not in SKIPPED and not each.startswith("."))
    shipped = packaged_calibration()
    if shipped is not None:
        found.setdefault("calibrations", {}).setdefault(SHIPPED, shipped)
    return Found({kind: dict(sorted(there.items())) for kind, there in found.items()})


def calibration_with(found: Found, id: object) -> tuple[str, dict[str, Any]] | None:
    """The calibration with this id: its key, and what is in it. None where it is not here, or cannot be read."""
    for key, path in found.all("calibrations").items():
        with suppress(CasebackError):
            read = read_json(path)
            if read.get("id") == id:
                return key, read
    return None


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file.

    Raises:
        CasebackError: it cannot be read, or is none.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise CasebackError(f"{path} has more than {LARGEST >> 20} MiB: too much for a page")
        data = json.loads(path.read_bytes(), parse_float=_finite, parse_constant=_finite)
    except OSError as error:
        raise CasebackError(f"{path} cannot be read ({error.strerror}): look at its permissions") from None
    except (ValueError, RecursionError):
        raise CasebackError(f"{path} is damaged, no JSON: make it again with the command that wrote it") from None
    if not isinstance(data, dict):
        raise CasebackError(f"{path} holds no object: make it again with the command that wrote it")
    return data


def _walk(folder: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    for place, folders, names in os.walk(folder):
        here = Path(place)
        if EXPORT in names:
            folders.clear()
            continue
        if len(here.relative_to(folder).parts) >= DEEPEST:
            folders.clear()
        yield here, folders, names


def _finite(text: str) -> float:
    """A number as JSON has them: neither NaN nor so large that it counts as infinite."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no finite number")
    return number


def _key(folder: Path, place: Path) -> str:
    path = place.relative_to(folder).as_posix()
    return folder.resolve().name or "here" if path == "." else path


def _by_its_head(path: Path, has_page: bool) -> str | None:
    """A study's report, a notebook, or a graph that has its page beside it; None where it is none of them."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return None
    for pattern, sort in STUDIES.items():
        if pattern.search(head):
            return sort
    return "circuits" if has_page and b'"prompt_tokens"' in head else None
