"""Keys of clients: a file of salted hashes. A key is shown once, when it is made.

A key has 256 random bits, so that a fast hash does: there is nothing to guess.
"""

import fcntl
import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import msgspec

from caseback.dossier.disk import replaced
from caseback.errors import CasebackError

KIND, VERSION = "caseback keys", 1
PREFIX = "cb-"
NAMES = 64
"""Characters of a name."""


@dataclass(frozen=True)
class Key:
    """A client's key.

    Attributes:
        name: Of the client; no two keys of a file share one, revoked ones included.
        id: The public part of the key.
        salt: In hexadecimal.
        hash: SHA-256 of salt and secret, in hexadecimal.
        made: Unix time.
        scores: Whether the client may see the scores of tokens.
        metrics: Whether it may read ``/metrics``, which names the other clients.
        per_minute: Requests; None for no limit.
        revoked: Unix time, None where it is good.
    """

    name: str
    id: str
    salt: str
    hash: str
    made: float
    scores: bool = False
    metrics: bool = False
    per_minute: float | None = None
    revoked: float | None = None


@dataclass(frozen=True)
class _File:
    kind: str
    version: int
    keys: tuple[Key, ...]


NOBODY = Key("", "", "00" * 16, "00" * 32, 0.0)


class Keys:
    """The keys that are good, to look clients up in."""

    def __init__(self, keys: tuple[Key, ...]) -> None:
        self._keys: Mapping[str, Key] = {each.id: each for each in keys if each.revoked is None}

    def owner(self, given: str) -> Key | None:
        """Whose key it is; None where it is nobody's. Takes as long for any wrong secret."""
        id, _, secret = given.removeprefix(PREFIX).partition("-")
        key = self._keys.get(id, NOBODY)
        good = secrets.compare_digest(_hash(key.salt, secret), key.hash)
        return key if good and key is not NOBODY else None


def _hash(salt: str, secret: str) -> str:
    return hashlib.sha256(bytes.fromhex(salt) + secret.encode("utf-8", "replace")).hexdigest()


def read_keys(file: Path) -> tuple[Key, ...]:
    """All keys in the file, the revoked ones too.

    Raises:
        CasebackError: it cannot be read, or is damaged.
    """
    try:
        found = msgspec.json.decode(file.read_bytes(), type=_File)
    except OSError as error:
        raise CasebackError(
            f"{file}: no keys can be read ({error.strerror}); make one with `caseback watch keys new NAME`"
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CasebackError(f"{file}: damaged ({error}); restore it, or make new keys in another file") from None
    if found.kind != KIND or found.version != VERSION:
        raise CasebackError(f"{file}: no file of keys of version {VERSION}; name another")
    return found.keys


def new_key(
    file: Path, name: str, *, scores: bool = False, metrics: bool = False, per_minute: float | None = None
) -> str:
    """Makes a key, keeps its hash in the file, and returns it: nobody can tell it again.

    Raises:
        CasebackError: the name is taken or no name, or the file cannot be written.
    """
    if not name.isprintable() or not 1 <= len(name.strip()) <= NAMES or name != name.strip():
        raise CasebackError(f"name {name!r:.80}: give 1 to {NAMES} printable characters")
    if per_minute is not None and not 0 < per_minute < 1e9:
        raise CasebackError(f"rate {per_minute}: give requests a minute, more than 0")
    with _changing(file) as keys:
        if any(each.name == name for each in keys):
            raise CasebackError(f"{file}: there is a key named {name!r} already, perhaps a revoked one; choose another")
        id, salt, secret = secrets.token_hex(6), secrets.token_hex(16), secrets.token_urlsafe(32)
        keys.append(Key(name, id, salt, _hash(salt, secret), time.time(), scores, metrics, per_minute))
    return f"{PREFIX}{id}-{secret}"


def revoke_key(file: Path, name: str) -> None:
    """From now on the key opens nothing; gateways at work see that within a second or two.

    Raises:
        CasebackError: there is none of that name, or the file cannot be written.
    """
    with _changing(file) as keys:
        for at, each in enumerate(keys):
            if each.name == name:
                keys[at] = replace(each, revoked=each.revoked or time.time())
                return
        there = ", ".join(each.name for each in keys) or "none"
        raise CasebackError(f"{file}: no key named {name!r}; there are: {there}")


@contextmanager
def _changing(file: Path) -> Iterator[list[Key]]:
    """The keys, to be changed, while nobody else changes them."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise CasebackError(f"{file}: cannot be written ({error.strerror})") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        keys = list(read_keys(file)) if file.exists() else []
        yield keys
        _write(file, keys)
    finally:
        os.close(folder)


def _write(file: Path, keys: list[Key]) -> None:
    text = json.dumps({"kind": KIND, "version": VERSION, "keys": [asdict(each) for each in keys]}, indent=1)
    try:
        replaced(file, text + "\n", 0o600)
    except OSError as error:
        raise CasebackError(f"{file}: cannot be written ({error.strerror})") from None
