"""Digests that commit to what is withheld: shown later, it can be seen to be the same, and until then not guessed."""

import secrets

from caseback.disclosure.bundle.manifest import sha256
from caseback.errors import CasebackError


def committed(data: bytes, salt: bytes | None = None) -> tuple[str, str]:
    """SHA-256, in hex, of 32 bytes of salt and the data; and the salt, which its owner keeps.

    Without a salt, a short text could be found by trying texts.
    """
    drawn = salt or secrets.token_bytes(32)
    if len(drawn) != 32:
        raise CasebackError(f"a salt has 32 bytes, not {len(drawn)}")
    return sha256(drawn + data), drawn.hex()
