"""``keys.json`` of a feed: its first key and the statements about those that followed."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from caseback.disclosure.bundle.keys import PublicKey, public_data, public_from
from caseback.disclosure.bundle.limits import SMALL
from caseback.disclosure.bundle.strict_json import parse_canonical
from caseback.dossier.record import canonical
from caseback.errors import CasebackError

FORMAT = "caseback keys 1"
MOST = 100
"""Statements."""


@dataclass(frozen=True)
class Keyring:
    """The key that a feed began with, and rotations and revocations since, in the order in which they were said."""

    first: PublicKey
    statements: Sequence[bytes] = ()


def keyring_text(ring: Keyring) -> bytes:
    """As it lies in the feed."""
    said = [base64.b64encode(each).decode() for each in ring.statements]
    return canonical({"format": FORMAT, "first": public_data(ring.first), "statements": said})


def keyring_from(text: bytes) -> Keyring:
    """What ``keyring_text`` wrote.

    Raises:
        CasebackError: it is none.
    """
    data = parse_canonical(text, "keys.json", SMALL)
    if not isinstance(data, dict) or set(data) != {"format", "first", "statements"} or data["format"] != FORMAT:
        raise CasebackError(f"keys.json is none of the format {FORMAT!r}")
    said = data["statements"]
    if not isinstance(said, list) or len(said) > MOST:
        raise CasebackError(f"keys.json must hold a list of {MOST} statements at most")
    try:
        statements = [base64.b64decode(each, validate=True) for each in said]
    except (ValueError, TypeError):
        raise CasebackError("keys.json holds what is no base64") from None
    return Keyring(public_from(data["first"]), statements)
