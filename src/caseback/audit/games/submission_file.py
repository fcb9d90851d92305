"""What blue submits, as a JSON object by subject."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from caseback.errors import CasebackError


def read_submission(path: Path, what: str) -> Any:
    """The JSON of a file, not yet looked at. ``what`` it should hold is named where it cannot be read.

    Raises:
        CasebackError: it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CasebackError(f"{path}: no {what} to read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise CasebackError(f"{path} is not JSON ({str(error).splitlines()[0]})") from None


def by_subject(data: Any, subjects: Collection[str], where: str, example: str) -> Mapping[str, Any]:
    """The data, seen to be an object that names no subject that there is not. One may be left out.

    Raises:
        CasebackError: otherwise; ``example`` shows what is wanted.
    """
    if not isinstance(data, Mapping) or not data:
        raise CasebackError(f"{where}: an object by subject is wanted, such as {example}")
    if strange := sorted(set(data) - set(subjects)):
        raise CasebackError(f"{where}: no subject {strange[0]!r}: there are {', '.join(sorted(subjects))}")
    return data
