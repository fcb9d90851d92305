"""Transcripts on disk: JSON Lines, one transcript a line."""

import json
from pathlib import Path

from caseback.detectors.transcript import Transcript, transcript_of
from caseback.errors import CasebackError


def read_transcripts(path: Path) -> list[Transcript]:
    """The transcripts of a file, in order; blank lines are skipped.

    Raises:
        CasebackError: it cannot be read, holds none, or a line is none; with the number of the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CasebackError(f"{path}: cannot be read ({error}); give JSON Lines, one transcript a line") from None
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found.append(transcript_of(json.loads(line)))
        except (ValueError, RecursionError, CasebackError) as error:
            raise CasebackError(f"{path}, line {number}: {error}") from None
    if not found:
        raise CasebackError(f'{path}: holds no transcripts; write {{"messages": […]}} on each line')
    return found
