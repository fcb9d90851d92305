"""JSON that is named by the digest of what is in it, so that nobody edits it unseen."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caseback.dossier.record import digest
from caseback.errors import CasebackError


def named(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with its ``id`` before it."""
    return {"id": digest(body), **body}


def read_named(path: Path, kind: str, version: int, remedy: str) -> dict[str, Any]:
    """What ``named`` made, from its file.

    Args:
        kind: what stands as ``kind`` at its head; its last word says what is missing, such as ``caseback calibration``.
        version: what stands as ``version``.
        remedy: how to get one.

    Raises:
        CasebackError: it cannot be read, is of another kind or version, or was changed since it was made.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["kind"] != kind or data["version"] != version:
            raise ValueError("another kind or version")
        if data["id"] != digest({key: value for key, value in data.items() if key != "id"}):
            raise ValueError("it was changed since it was made: its id does not fit")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        what = kind.split()[-1]
        raise CasebackError(f"{path}: no {what} to read ({type(error).__name__}: {error}); {remedy}") from error
    return dict(data)
