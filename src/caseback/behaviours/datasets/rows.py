"""Rows of data files, and one-line errors that name the file and line of a bad one."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from caseback.errors import CasebackError


def malformed(path: Path, line: int, what: str) -> CasebackError:
    """The error for a row that cannot be used."""
    return CasebackError(f"{path}, line {line}: {what}. Mend or remove that row, or fetch the file again")


def text_of(path: Path) -> str:
    """The file as text.

    Raises:
        CasebackError: where it is missing or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CasebackError(f"{path} cannot be read ({error.strerror}): is this the folder of real data?") from error
    except UnicodeDecodeError as error:
        raise CasebackError(f"{path} is no UTF-8 text (byte {error.start}): fetch the file again") from error


def json_rows(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """(line, object) of every line of JSON Lines, counted from 1; empty lines are skipped."""
    for line, row in enumerate(text.splitlines(), 1):
        if row.strip():
            try:
                parsed = json.loads(row)
            except ValueError as error:
                raise malformed(path, line, f"no JSON ({error})") from error
            if not isinstance(parsed, dict):
                raise malformed(path, line, "a JSON object is needed")
            yield line, parsed


def field(row: Mapping[str, Any], key: str, path: Path, line: int) -> str:
    """The text under a key of a row, which must be there and not be empty."""
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise malformed(path, line, f"the field {key!r} is missing, empty or no text")
    return value
