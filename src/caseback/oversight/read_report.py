"""Reports of studies, read again."""

import json
from pathlib import Path
from typing import Any

from caseback.errors import CasebackError
from caseback.oversight.report import KIND

OURS = "caseback oversee"
LARGEST = 1 << 28
"""Bytes of a report that is read."""


def read_report(file: Path) -> dict[str, Any]:
    """The report in a file.

    Raises:
        CasebackError: it cannot be read, or is no report of a study of oversight.
    """
    data = read_json(file, OURS)
    kind = data.get("kind") if isinstance(data, dict) else None
    if not (isinstance(kind, str) and kind.startswith(KIND)):
        raise CasebackError(f"{file} is a {kind!r:.60}, and no report of {OURS}: name one of its JSON files")
    found: dict[str, Any] = data
    return found


def read_json(file: Path, of: str) -> Any:
    """What a report's file holds; ``of`` names the command that writes such, for messages.

    Raises:
        CasebackError: it cannot be read, or is no JSON.
    """
    try:
        if file.stat().st_size > LARGEST:
            raise CasebackError(f"{file} has more than {LARGEST} bytes: it is no report of {of}")
        return json.loads(file.read_bytes(), parse_constant=_refused)
    except OSError as error:
        raise CasebackError(f"{file}: no report to read ({error.strerror}); name a JSON file of {of}") from None
    except (ValueError, RecursionError) as error:
        raise CasebackError(f"{file} is not JSON ({error}); name a JSON file of {of}") from None


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")
