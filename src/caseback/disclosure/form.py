"""The published forms of a card, and reading a card that may be anybody's."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from caseback.errors import CasebackError

SCHEMAS = {
    "caseback-card/1": "card.schema.1.json",
    "caseback-card/2": "card.schema.2.json",
    "caseback-card/3": "card.schema.json",
}
"""Forms that are read, the newest last."""
NEWEST = "caseback-card/3"
"""The form that is written."""
LARGEST = 1 << 28
"""Bytes of a card that is read: 256 MiB."""


@cache
def _text(name: str) -> str:
    return (files("caseback.disclosure") / name).read_text(encoding="utf-8")


def schema(form: str = NEWEST) -> dict[str, Any]:
    """The published JSON Schema of a card (draft 2020-12)."""
    found: dict[str, Any] = json.loads(_text(SCHEMAS[form]))
    return found


def wrong_section(card: Mapping[str, Any]) -> str:
    """As ``wrong``, of a card whose derived parts (figures, case, changes, first page) are not made yet."""
    whole = schema()
    part = {**whole, "required": [name for name in whole["required"] if name in card]}
    flaw = next(iter(Draft202012Validator(part).iter_errors(card)), None)
    return _told(flaw) if flaw else ""


def wrong(card: Mapping[str, Any], form: str = NEWEST) -> str:
    """Where a card does not fit its form, and how; empty where it does."""
    flaw = next(iter(Draft202012Validator(schema(form)).iter_errors(card)), None)
    return _told(flaw) if flaw else ""


def _told(flaw: ValidationError) -> str:
    return f"{flaw.json_path.removeprefix('$.')} of its card: {flaw.message[:200]}"


def parsed(content: bytes, name: str) -> dict[str, Any]:
    """The card that these bytes hold.

    Raises:
        CasebackError: they hold none, or one that does not fit its published form.
    """
    if len(content) > LARGEST:
        raise CasebackError(f"{name} has {len(content)} bytes, and a card at most {LARGEST}")
    try:
        card = json.loads(content, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise CasebackError(f"{name} is not JSON ({error}); name a card.json, a card.html or a dossier") from None
    form = card.get("format") if isinstance(card, dict) else None
    if form not in SCHEMAS:
        known = " and ".join(SCHEMAS)
        raise CasebackError(f"{name} is no card: its format is {form!r:.60}, and this caseback reads {known}")
    if flaw := wrong(card, form):
        raise CasebackError(f"{name} is a malformed card: {flaw}")
    found: dict[str, Any] = card
    return found


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")
