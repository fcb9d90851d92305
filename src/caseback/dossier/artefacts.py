"""Files kept under their own SHA-256: written whole or not at all, never altered, each content once."""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from caseback.dossier.disk import cannot_write
from caseback.errors import CasebackError

ARTEFACTS = "artefacts"
"""The folder that holds them, inside the dossier's."""
CHUNK = 1 << 20
"""Bytes read at once."""


def artefact_path(folder: Path, digest: str) -> Path:
    """Where the artefact lies, whether it is there or not.

    Raises:
        CasebackError: where ``digest`` is not a SHA-256 in hex, so that no path leads out of the folder.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise CasebackError(f"{digest!r} is not the SHA-256 of an artefact (64 hexadecimal digits)")
    return folder / digest[:2] / digest


def put(folder: Path, content: bytes | Path | Iterable[bytes]) -> str:
    """Store the content and return its SHA-256.

    It goes to a temporary file, is flushed to disk, and is then renamed, so that a crash leaves either all of it or
    nothing under its name. Content that is there already is written over with the same bytes, which mends it.

    Raises:
        CasebackError: where a file cannot be read, or the disk is full.
    """
    hasher = hashlib.sha256()
    temporary: str | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".writing-", dir=folder)
        with os.fdopen(handle, "wb") as file:
            for chunk in _chunks(content):
                hasher.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        digest = hasher.hexdigest()
        target = artefact_path(folder, digest)
        target.parent.mkdir(exist_ok=True)
        os.replace(temporary, target)
        _flush_folder(target.parent)
        return digest
    except OSError as error:
        raise CasebackError(f"cannot store an artefact under {folder}: {cannot_write(error)}") from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def flaw(folder: Path, digest: str) -> str:
    """What is wrong with a stored artefact: ``missing``, ``altered or truncated``, or nothing (empty)."""
    path = artefact_path(folder, digest)
    hasher = hashlib.sha256()
    try:
        for chunk in _chunks(path):
            hasher.update(chunk)
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return f"unreadable: {error.strerror}"
    return "" if hasher.hexdigest() == digest else f"altered or truncated (it has {path.stat().st_size} bytes now)"


def _chunks(content: bytes | Path | Iterable[bytes]) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
    elif isinstance(content, Path):
        with content.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    else:
        yield from content


def _flush_folder(folder: Path) -> None:
    """A rename is safe from a power cut only once its folder has been flushed too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
