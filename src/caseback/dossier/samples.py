"""Rows of JSON kept as one JSON Lines artefact: the situations, replies and judgements behind a rate."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from caseback.dossier.dossier import Dossier
from caseback.errors import CasebackError


def put_samples(dossier: Dossier, rows: Iterable[Mapping[str, Any]]) -> str:
    """Store the rows, one line each; the artefact's digest.

    Raises:
        CasebackError: where a row is not JSON, or the disk is full.
    """
    return dossier.put(_lines(rows))


def samples(dossier: Dossier, digest: str) -> list[dict[str, Any]]:
    """The rows that ``put_samples`` stored, checked against the digest.

    Raises:
        CasebackError: where the artefact is missing or altered, or a line of it is not a JSON object.
    """
    rows = []
    for number, line in enumerate(dossier.get(digest).split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise CasebackError(f"{dossier.artefact(digest)}, line {number}: malformed JSON ({error})") from error
        if not isinstance(row, dict):
            raise CasebackError(f"{dossier.artefact(digest)}, line {number}: not a JSON object")
        rows.append(row)
    return rows


def _lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    for number, row in enumerate(rows, start=1):
        try:
            text = json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        except (TypeError, ValueError, RecursionError) as error:
            raise CasebackError(f"row {number} is not storable as JSON: {error}") from error
        # A lone half of a surrogate pair has no UTF-8; as \udXXX it is still JSON.
        yield text.encode("utf-8", "backslashreplace") + b"\n"
