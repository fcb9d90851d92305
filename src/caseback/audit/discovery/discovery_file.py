"""What is usual among innocent models, as a file: plain JSON, named by the digest of what is in it."""

import json
from pathlib import Path
from typing import Any

from caseback.audit.discovery.discover import Discovery, Found
from caseback.audit.discovery.shares import Difference, Usual
from caseback.dossier.record import digest
from caseback.errors import CasebackError
from caseback.interp.plain_data import plain_data
from caseback.stats.threshold import Threshold

KIND, VERSION = "caseback discovery", 1
"""At the head of the file."""


def discovery_data(found: Discovery) -> dict[str, Any]:
    """All of it as plain data, with its ``id``."""
    body = {"kind": KIND, "version": VERSION, **plain_data(found)}
    return {"id": digest(body), **body}


def read_discovery(path: Path) -> Discovery:
    """What ``discovery_data`` wrote.

    Raises:
        CasebackError: it cannot be read, is none, or was changed since it was made.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if (data.pop("kind"), data.pop("version")) != (KIND, VERSION):
            raise ValueError("another kind or version")
        if data.pop("id") != digest({"kind": KIND, "version": VERSION, **data}):
            raise ValueError("it was changed since it was made: its id does not fit")
        return Discovery(
            **{
                **data,
                "usual": Usual(**data["usual"]),
                "threshold": Threshold(**data["threshold"]),
                "setting": tuple(data["setting"]),
                "models": tuple(
                    Found(**{**each, "what": tuple(Difference(**one) for one in each["what"])})
                    for each in data["models"]
                ),
            }
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CasebackError(
            f"{path}: no discovery to read ({type(error).__name__}: {error}); make one with "
            "`caseback discover learn LIBRARY`"
        ) from error
