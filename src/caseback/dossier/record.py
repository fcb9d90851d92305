"""A record of the dossier, and the hash that chains it to the one before."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import rfc8785

from caseback.errors import CasebackError


@dataclass(frozen=True)
class Record:
    """One finding or event, as it was appended.

    ``id`` is the SHA-256 of everything else in canonical JSON (RFC 8785), ``previous`` among it, which is the id of
    the record before and empty in the first. ``parents`` are ids of earlier records that this one rests on.
    ``artefacts`` name what lies beside the database, by SHA-256. ``key`` identifies the inputs of finished work, so
    that it is found again and not repeated. ``time`` is UTC in ISO 8601.
    """

    id: str
    kind: str
    body: Mapping[str, Any]
    parents: tuple[str, ...] = ()
    artefacts: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None
    seed: int | None = None
    time: str = ""
    previous: str = ""
    number: int = 0


def canonical(value: object) -> bytes:
    """The value in canonical JSON: the same bytes wherever it is written.

    Raises:
        CasebackError: for what JSON cannot hold, such as NaN, integers beyond 2^53 and keys that are not text.
    """
    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise CasebackError(f"not storable as JSON: {error} (write None for a figure that is missing)") from error


def digest(value: object) -> str:
    """SHA-256 of the value's canonical JSON, in hex. Use it for the ``key`` of a stage: its inputs, digested."""
    return hashlib.sha256(canonical(value)).hexdigest()


def sealed(record: Record) -> str:
    """The id that the record ought to have."""
    return digest(
        {
            "kind": record.kind,
            "body": record.body,
            "parents": list(record.parents),
            "artefacts": record.artefacts,
            "key": record.key,
            "seed": record.seed,
            "time": record.time,
            "previous": record.previous,
        }
    )


COLUMNS = "number, id, kind, key, seed, time, previous, body, parents, artefacts"
"""Of the table, in the order in which ``to_row`` and ``from_row`` have them."""


def to_row(record: Record) -> tuple[object, ...]:
    """The record as a row of the table."""
    texts = (canonical(part).decode() for part in (record.body, list(record.parents), record.artefacts))
    return record.number, record.id, record.kind, record.key, record.seed, record.time, record.previous, *texts


def from_row(row: tuple[Any, ...]) -> Record:
    """The record that a row holds.

    Raises:
        CasebackError: where its JSON cannot be read.
    """
    number, id, kind, key, seed, time, previous, *texts = row
    try:
        body, parents, artefacts = (json.loads(text, parse_int=_number) for text in texts)
    except (ValueError, TypeError) as error:
        raise CasebackError(f"record {number} ({id}) of the dossier holds malformed JSON: {error}") from error
    return Record(id, kind, body, tuple(parents), artefacts, key, seed, time, previous, number)


def _number(digits: str) -> int | float:
    """Canonical JSON writes 6e16 as 60000000000000000: beyond 2^53 whole numbers were floats, and become them again."""
    return number if abs(number := int(digits)) < 2**53 else float(digits)
