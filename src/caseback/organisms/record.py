"""The record of an organism or a twin, ``organism.json`` beside its weights; and the library, a folder of them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caseback.dossier.disk import writing
from caseback.dossier.measure import write_text
from caseback.errors import CasebackError

RECORD = "organism.json"
UNFINISHED, ACCEPTED, EXCLUDED = "unfinished", "accepted", "excluded"
Record = Mapping[str, Any]
MEASURED_BESIDE = {"doses", "shares"}
"""Of a plan, what is measured beside the planting: another choice of it needs no other weights."""


def begin(folder: Path, plan: Record, *, fresh: bool) -> Record | None:
    """Lay claim to a folder for a plan; the finished record where that very plan is finished there already.

    Where only other doses are asked of what is there, its weights and all that was measured of them stay. Where the
    base lies is no part of the plan: what it is tells its digest.

    Raises:
        CasebackError: the folder holds another plan's work, or something that is no organism.
    """
    path = folder / RECORD
    if path.exists() and not fresh:
        found = read(folder)
        differs = {key for key in {*found["plan"], *plan} if found["plan"].get(key) != plan.get(key)} - {"base"}
        if differs:
            if not differs <= MEASURED_BESIDE:
                raise CasebackError(
                    f"{folder} holds another organism (it differs in {', '.join(sorted(differs))}): choose another "
                    "folder, or replace it with --fresh"
                )
        elif found["status"] != UNFINISHED:
            return found
    if folder.is_dir() and any(folder.iterdir()) and not path.exists():
        raise CasebackError(f"{folder} holds something that is no organism: choose another folder (--out)")
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    write(folder, {"status": UNFINISHED, "plan": dict(plan)})
    return None


def write(folder: Path, record: Record) -> None:
    """Write the record whole or not at all."""
    write_text(folder / RECORD, json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read(folder: Path) -> Record:
    """The record in a folder.

    Raises:
        CasebackError: there is none, or it is damaged.
    """
    path = folder / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CasebackError(
            f"{folder} has no {RECORD}: not an organism; `caseback plant list` shows those there are"
        ) from None
    except (OSError, ValueError) as error:
        raise CasebackError(f"{path} cannot be read ({error}): plant it again with --fresh") from None
    if not isinstance(record, dict) or not isinstance(record.get("plan"), dict) or "status" not in record:
        raise CasebackError(f"{path} is no record of an organism: it has no plan or no status; plant it again")
    return record


def library(folder: Path) -> dict[str, Record]:
    """The records of all organisms and twins under a folder, by path within it.

    Raises:
        CasebackError: no such folder.
    """
    if not folder.is_dir():
        raise CasebackError(f"no folder {str(folder)!r}: give one that holds organisms")
    return {str(path.parent.relative_to(folder)) or ".": read(path.parent) for path in sorted(folder.rglob(RECORD))}
