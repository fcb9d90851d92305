"""The manifest: which files a bundle holds, by size and SHA-256, in canonical JSON."""

import hashlib
from collections.abc import Mapping
from typing import Any

from caseback.disclosure.bundle.limits import BUNDLE, FILES, SMALL
from caseback.disclosure.bundle.paths import ADVISORY, MANIFEST, SIGNATURE, largest
from caseback.disclosure.bundle.strict_json import parse_canonical
from caseback.dossier.record import canonical
from caseback.errors import CasebackError

FORMAT = "caseback bundle 1"


def sha256(data: bytes) -> str:
    """In hex."""
    return hashlib.sha256(data).hexdigest()


def manifest_of(files: Mapping[str, bytes]) -> bytes:
    """The manifest of a bundle's files; itself and the signature are not in it.

    Raises:
        CasebackError: a name or a size that no bundle has, or no advisory among them.
    """
    check_sizes(files)
    kept = {name: data for name, data in files.items() if name not in (MANIFEST, SIGNATURE)}
    return canonical(
        {
            "format": FORMAT,
            "files": {name: {"sha256": sha256(data), "size": len(data)} for name, data in sorted(kept.items())},
        }
    )


def check_sizes(files: Mapping[str, bytes]) -> None:
    """See that a bundle is within its limits.

    Raises:
        CasebackError: it is not.
    """
    if ADVISORY not in files:
        raise CasebackError(f"a bundle without {ADVISORY}: that file says what it is about")
    if len(files) > FILES:
        raise CasebackError(f"{len(files)} files; {FILES} are allowed in a bundle")
    for name, data in files.items():
        if len(data) > largest(name):
            raise CasebackError(f"{name} has {len(data)} bytes; {largest(name)} are allowed")
    if (total := sum(map(len, files.values()))) > BUNDLE:
        raise CasebackError(f"the bundle has {total} bytes; {BUNDLE} are allowed")


def check_manifest(files: Mapping[str, bytes]) -> None:
    """See that the files are those of their manifest, every byte of them, and no others.

    Raises:
        CasebackError: naming the first that is not.
    """
    if MANIFEST not in files:
        raise CasebackError(f"a bundle without {MANIFEST} is not signed: `caseback disclose sign` does that")
    data = parse_canonical(files[MANIFEST], MANIFEST, SMALL)
    listed: Any = data.get("files") if isinstance(data, dict) else None
    if not isinstance(listed, dict) or data.get("format") != FORMAT:
        raise CasebackError(f"{MANIFEST} is none of the format {FORMAT!r}")
    kept = {name for name in files if name not in (MANIFEST, SIGNATURE)}
    for name in sorted(kept ^ set(listed)):
        raise CasebackError(f"{name[:80]} is {'not in the manifest' if name in kept else 'missing'}")
    if files[MANIFEST] != manifest_of(files):
        altered = [n for n in sorted(kept) if listed[n] != {"sha256": sha256(files[n]), "size": len(files[n])}]
        raise CasebackError(f"{(altered or [MANIFEST])[0]} is not what the manifest says: it was altered")
