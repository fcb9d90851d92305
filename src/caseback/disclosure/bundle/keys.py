"""Ed25519 keys (RFC 8032): the private one in a file that only its owner reads, the public one as a JSON record."""

import re
import stat
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from caseback.disclosure.bundle.limits import SMALL
from caseback.disclosure.bundle.manifest import sha256
from caseback.disclosure.bundle.moments import now, read_time, written
from caseback.disclosure.bundle.strict_json import parse
from caseback.dossier.disk import write_secret, writing
from caseback.dossier.record import canonical
from caseback.errors import CasebackError

KIND = "caseback public key 1"
FIELDS = {"kind", "id", "key", "name", "created", "expires"}


@dataclass(frozen=True)
class PublicKey:
    """A public key.

    Attributes:
        id: ``sha256:…`` of its 32 bytes. This is what is pinned.
        raw: The bytes.
        name: Who says that it is theirs. Nothing but pinning shows that it is.
        created: When it was made.
        expires: What is signed later is refused.
    """

    id: str
    raw: bytes
    name: str
    created: datetime
    expires: datetime

    def signed(self, signature: bytes, message: bytes) -> bool:
        """Whether this key made the signature."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class PrivateKey:
    """A private key with its public record."""

    secret: Ed25519PrivateKey
    public: PublicKey

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self.secret.sign(message)


def key_id(raw: bytes) -> str:
    """``sha256:…`` of the 32 bytes of a public key."""
    return "sha256:" + sha256(raw)


def made_key(name: str, days: int = 365, secret: bytes | None = None, at: datetime | None = None) -> PrivateKey:
    """A key that is valid for so many days; ``secret`` are its 32 bytes, drawn by the system where none are given.

    Raises:
        CasebackError: no name, or a time that is not in the future.
    """
    if not name.strip() or len(name) > 200:
        raise CasebackError("a key needs a name of 200 characters at most: whose it is, such as 'Example Lab'")
    if days < 1:
        raise CasebackError(f"a key that is valid for {days} days could sign nothing: give 1 at least")
    key = Ed25519PrivateKey.from_private_bytes(secret) if secret else Ed25519PrivateKey.generate()
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    begun = at or now()
    return PrivateKey(key, PublicKey(key_id(raw), raw, name, begun, begun + timedelta(days=days)))


def save_key(key: PrivateKey, path: Path) -> Path:
    """Write the private key to ``path``, mode 600 and never over another; its public record beside it, ``.pub.json``.

    Raises:
        CasebackError: there is a file already, or it cannot be written.
    """
    public = path.with_name(path.name + ".pub.json")
    if path.exists() or public.exists():
        raise CasebackError(f"{path} is there already, and a key is never written over: name another file")
    pem = key.secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_secret(path, pem)
    with writing(public):
        public.write_bytes(canonical(public_data(key.public)) + b"\n")
    return public


def load_key(path: Path) -> PrivateKey:
    """The private key in a file.

    Raises:
        CasebackError: others may read it, it is none, or its public record is missing or another's.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise CasebackError(
                f"{path} may be read by others (mode {mode:o}): run `chmod 600 {path}`, or make a new key"
            )
        secret = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise CasebackError(
            f"{path}: no key to read ({error.strerror}); make one with `caseback disclose key new`"
        ) from None
    except (ValueError, TypeError) as error:
        raise CasebackError(f"{path} is no private key in PEM ({str(error)[:60]}): name the file of a key") from None
    if not isinstance(secret, Ed25519PrivateKey):
        raise CasebackError(f"{path} is a key of another kind: Ed25519 is what signs advisories")
    public = load_public(path.with_name(path.name + ".pub.json"))
    if public.raw != secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw):
        raise CasebackError(f"{path}.pub.json is the record of another key than {path}: keep the two together")
    return PrivateKey(secret, public)


def load_public(path: Path) -> PublicKey:
    """The public record in a file.

    Raises:
        CasebackError: it is none.
    """
    try:
        return public_from(parse(path.read_bytes()[: SMALL + 1].strip(), str(path), SMALL))
    except OSError as error:
        raise CasebackError(f"{path}: no public key to read ({error.strerror})") from None


def public_data(key: PublicKey) -> dict[str, Any]:
    """The public record as JSON holds it."""
    return {
        "kind": KIND,
        "id": key.id,
        "key": key.raw.hex(),
        "name": key.name,
        "created": written(key.created),
        "expires": written(key.expires),
    }


def public_from(data: Any) -> PublicKey:
    """What ``public_data`` made.

    Raises:
        CasebackError: it is none.
    """
    if not isinstance(data, dict) or set(data) != FIELDS or data["kind"] != KIND:
        raise CasebackError(f"no public key of this version: it needs {', '.join(sorted(FIELDS))}")
    if not isinstance(data["key"], str) or not re.fullmatch(r"[0-9a-f]{64}", data["key"]):
        raise CasebackError("a public key is 64 hexadecimal digits")
    raw = bytes.fromhex(data["key"])
    if data["id"] != key_id(raw):
        raise CasebackError("a public key's id is not the SHA-256 of its bytes: it was altered")
    if not isinstance(data["name"], str) or not 0 < len(data["name"]) <= 200:
        raise CasebackError("a public key needs a name of 200 characters at most")
    return PublicKey(
        data["id"], raw, data["name"], read_time(data["created"], "created"), read_time(data["expires"], "expires")
    )
