"""Predictions sealed before the behaviour is run: a commitment that can be published, and the file that it commits to.

The commitment is the SHA-256 of nonce and body in canonical JSON (RFC 8785). It tells nothing of the body, because the
nonce is random and secret until the file is opened; and no other body fits it.
"""

import json
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caseback.dossier.measure import write_text
from caseback.dossier.record import canonical, digest
from caseback.errors import CasebackError

KIND, VERSION = "caseback forecast", 1
SEAL, PREDICTIONS = "seal.json", "predictions.json"
"""Publish the first; keep the second until the behaviour has been run."""
KEYS = ("plan", "model", "digest", "sampling", "situations", "predictions")
"""What a body holds at least."""


def seal(body: Mapping[str, Any], folder: Path) -> str:
    """Write both files and return the commitment.

    Raises:
        CasebackError: the folder holds a seal already, the body cannot be JSON, or nothing can be written there.
    """
    if (folder / SEAL).exists():
        raise CasebackError(f"{folder} holds a sealed forecast already: score it, or name another folder (--out)")
    kept = {"kind": KIND, "version": VERSION, "nonce": secrets.token_hex(32), "body": dict(body)}
    canonical(kept)  # what JSON cannot hold is told before anything is written
    commitment = commitment_of(kept)
    write_text(folder / PREDICTIONS, json.dumps(kept, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    # Last, so that where there is a seal there are the predictions.
    write_text(folder / SEAL, json.dumps({"kind": KIND, "version": VERSION, "sha256": commitment}, indent=1) + "\n")
    return commitment


def commitment_of(kept: Mapping[str, Any]) -> str:
    """The SHA-256 of the file's canonical JSON: kind, version, nonce and body."""
    return digest({name: kept[name] for name in ("kind", "version", "nonce", "body")})


def unseal(folder: Path, published: str | None = None) -> dict[str, Any]:
    """The body of a sealed forecast, after checking that it is the one that was sealed.

    Args:
        folder: with both files.
        published: the commitment as it was published; by default the one in the folder, which whoever can alter one
            file can alter too.

    Raises:
        CasebackError: a file is missing or malformed, or the predictions are not those that were sealed.
    """
    seal_file = _read(folder / SEAL)
    kept = _read(folder / PREDICTIONS)
    expected = (published or str(seal_file.get("sha256", ""))).strip().lower()
    if not re.fullmatch(r"[0-9a-f]{64}", expected):
        raise CasebackError(f"{expected!r:.80} is no seal: give the 64 hexadecimal digits of its SHA-256")
    try:
        found = commitment_of(kept)
    except (KeyError, CasebackError):
        found = ""
    if found != expected:
        raise CasebackError(
            f"{folder / PREDICTIONS}: not what was sealed (its SHA-256 is {found[:16] or 'none'}…, the seal's "
            f"{expected[:16]}…): it was edited afterwards, so it is not scored; restore it, or seal a new forecast"
        )
    body: dict[str, Any] = kept["body"]
    if missing := [name for name in KEYS if name not in body]:
        raise CasebackError(f"{folder / PREDICTIONS}: sealed, but without {missing[0]}: it is of another version")
    return body


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CasebackError(
            f"{path}: no sealed forecast to read ({error.strerror}); make one with `caseback look forecast seal`"
        ) from None
    except ValueError:
        raise CasebackError(f"{path}: damaged, no JSON; restore it, or seal a new forecast") from None
    if not isinstance(data, dict) or data.get("kind") != KIND or data.get("version") != VERSION:
        raise CasebackError(f"{path}: no forecast of this version of caseback; seal a new one")
    return data
