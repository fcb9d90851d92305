"""What is usual among innocent models, as a file: plain JSON, named by the digest of what is in it."""

from pathlib import Path
from typing import Any

from caseback.audit.discovery.discover import Discovery, Found
from caseback.audit.discovery.shares import Difference, Usual
from caseback.audit.named_file import named, read_named
from caseback.errors import CasebackError
from caseback.interp.plain_data import plain_data
from caseback.stats.threshold import Threshold

KIND, VERSION = "caseback discovery", 1
"""At the head of the file."""


def discovery_data(found: Discovery) -> dict[str, Any]:
    """All of it as plain data, with its ``id``."""
    return named({"kind": KIND, "version": VERSION, **plain_data(found)})


def read_discovery(path: Path) -> Discovery:
    """What ``discovery_data`` wrote.

    Raises:
        CasebackError: it cannot be read, is none, or was changed since it was made.
    """
    data = read_named(path, KIND, VERSION, "make one with `caseback discover learn LIBRARY`")
    try:
        return Discovery(
            **{key: data[key] for key in ("base", "base_digest", "ground", "n", "seed")},
            usual=Usual(**data["usual"]),
            threshold=Threshold(**data["threshold"]),
            setting=tuple(data["setting"]),
            models=tuple(
                Found(**{**each, "what": tuple(Difference(**one) for one in each["what"])}) for each in data["models"]
            ),
        )
    except (KeyError, TypeError) as error:
        raise CasebackError(f"{path}: a discovery of other fields than these ({error}); learn again") from error
