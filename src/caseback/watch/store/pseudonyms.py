"""The key that pseudonyms are made with: who has it can tell whether two are the same person; nobody else can."""

import secrets
from pathlib import Path

from caseback.dossier.disk import replaced
from caseback.errors import CasebackError

BYTES = 32


def pseudonym_key(path: Path) -> bytes:
    """The key in a file that only its owner may read (mode 600), made where there is none.

    Raises:
        CasebackError: others may read it, it is no key, or it cannot be made there.
    """
    try:
        if not path.exists():
            _make(path)
        others, key = path.stat().st_mode & 0o077, path.read_bytes()
    except OSError as error:
        raise CasebackError(f"{path}: no key for pseudonyms can be had there ({error.strerror})") from None
    if others:
        raise CasebackError(
            f"{path}: others may read the key for pseudonyms; `caseback watch store rotate`, or `chmod 600` it"
        )
    if len(key) != BYTES:
        raise CasebackError(
            f"{path}: a key for pseudonyms has {BYTES} bytes, this file {len(key)}; delete it for a new one"
        )
    return key


def rotate(path: Path) -> bytes:
    """A new key in place of the old one, which is gone: nobody can link pseudonyms across this moment.

    Raises:
        CasebackError: it cannot be written.
    """
    try:
        if path.exists():  # a file system may keep the blocks that a rename lets go
            path.write_bytes(secrets.token_bytes(BYTES))
        _make(path)
    except OSError as error:
        raise CasebackError(f"{path}: the key for pseudonyms cannot be rotated ({error.strerror})") from None
    return pseudonym_key(path)


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replaced(path, secrets.token_bytes(BYTES), 0o600)
