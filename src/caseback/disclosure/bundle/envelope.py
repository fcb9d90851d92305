"""Signatures: a statement of in-toto in a DSSE envelope, written one way only.

DSSE v1.0.2 (Secure Systems Lab) signs the type with the payload; in-toto Attestation v1 says what the payload is about.
An envelope is canonical JSON here, its base64 too, so that none of its bytes can change unseen.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caseback.disclosure.bundle.keys import PrivateKey, PublicKey
from caseback.disclosure.bundle.limits import SMALL
from caseback.disclosure.bundle.strict_json import parse_canonical
from caseback.dossier.record import canonical
from caseback.errors import CasebackError

PAYLOAD = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
SIGNATURES = 4
"""Of one envelope, at most."""


@dataclass(frozen=True)
class Envelope:
    """A statement, and who signed it: ids of keys with their signatures over ``message``."""

    statement: Mapping[str, Any]
    message: bytes
    signatures: Sequence[tuple[str, bytes]]

    def signers(self, keys: Mapping[str, PublicKey]) -> set[str]:
        """Those of the keys whose signature holds.

        Raises:
            CasebackError: a signature of one of them does not.
        """
        found = set()
        for id, signature in self.signatures:
            if id in keys:
                if not keys[id].signed(signature, self.message):
                    raise CasebackError(f"the signature of key {id[:19]}… does not hold: what it signed was altered")
                found.add(id)
        return found


def statement(kind: str, subjects: Mapping[str, str], predicate: Mapping[str, Any]) -> dict[str, Any]:
    """A statement about things of these names and SHA-256; ``kind`` is the URI of its predicate's type."""
    named = [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in subjects.items()]
    return {"_type": STATEMENT, "subject": named, "predicateType": kind, "predicate": dict(predicate)}


def sealed(said: Mapping[str, Any], keys: Iterable[PrivateKey]) -> bytes:
    """The envelope of a statement, signed by each of the keys."""
    payload = canonical(said)
    message = encoded(PAYLOAD, payload)
    signatures = [{"keyid": key.public.id, "sig": _base64(key.sign(message))} for key in keys]
    return canonical({"payloadType": PAYLOAD, "payload": _base64(payload), "signatures": signatures})


def opened(text: bytes, kind: str, what: str) -> Envelope:
    """The envelope in a text, with a statement whose predicate is of ``kind``. Signatures are not checked yet.

    Raises:
        CasebackError: it is none, or not written the one way; ``what`` names it.
    """
    data = parse_canonical(text, what, SMALL)
    wrong = CasebackError(f"{what} is no DSSE envelope of an in-toto statement")
    if not isinstance(data, dict) or set(data) != {"payloadType", "payload", "signatures"}:
        raise wrong
    signatures = data["signatures"]
    if data["payloadType"] != PAYLOAD or not isinstance(signatures, list) or not 1 <= len(signatures) <= SIGNATURES:
        raise wrong
    if not all(isinstance(each, dict) and set(each) == {"keyid", "sig"} for each in signatures):
        raise wrong
    payload = _bytes(data["payload"], what)
    said = parse_canonical(payload, f"the payload of {what}", SMALL)
    if not isinstance(said, dict) or set(said) != {"_type", "subject", "predicateType", "predicate"}:
        raise wrong
    if said["_type"] != STATEMENT or said["predicateType"] != kind or not isinstance(said["predicate"], dict):
        raise CasebackError(f"{what} states {str(said['predicateType'])[:60]!r}, and {kind!r} is wanted")
    pairs = [(str(each["keyid"]), _bytes(each["sig"], what)) for each in signatures]
    if len({id for id, _ in pairs}) != len(pairs):
        raise wrong
    return Envelope(said, encoded(PAYLOAD, payload), pairs)


def subjects(said: Mapping[str, Any], what: str) -> dict[str, str]:
    """Names and SHA-256 of what a statement is about.

    Raises:
        CasebackError: it does not say.
    """
    try:
        return {each["name"]: each["digest"]["sha256"] for each in said["subject"]}
    except (TypeError, KeyError):
        raise CasebackError(f"{what} does not say what it is about") from None


def encoded(kind: str, payload: bytes) -> bytes:
    """What is signed: DSSE's pre-authentication encoding."""
    return b"DSSEv1 %d %b %d %b" % (len(kind.encode()), kind.encode(), len(payload), payload)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: Any, what: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, TypeError):
        raise CasebackError(f"{what} holds what is no base64") from None
    if _base64(data) != text:  # the last character may have bits that decode to nothing
        raise CasebackError(f"{what} holds base64 that is not written the one way")
    return data
