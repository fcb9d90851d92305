"""A bundle that was read and verified, or a reason why not. All of it is in memory, so nothing changes afterwards."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from caseback.disclosure.advisory.check import check_advisory
from caseback.disclosure.bundle.envelope import opened, sealed, statement, subjects
from caseback.disclosure.bundle.keys import PrivateKey, PublicKey
from caseback.disclosure.bundle.limits import ADVISORY as MOST
from caseback.disclosure.bundle.limits import BUNDLE, FILES
from caseback.disclosure.bundle.manifest import check_manifest, check_sizes, manifest_of, sha256
from caseback.disclosure.bundle.moments import now, read_time, written
from caseback.disclosure.bundle.paths import ADVISORY, MANIFEST, SIGNATURE, largest
from caseback.disclosure.bundle.strict_json import parse, parse_canonical
from caseback.disclosure.bundle.tar import ARCHIVE, packed, unpacked
from caseback.dossier.disk import write_whole
from caseback.dossier.record import canonical
from caseback.errors import CasebackError

PREDICATE = "urn:caseback:advisory-bundle:1"


@dataclass(frozen=True)
class Bundle:
    """What a signed bundle holds.

    Attributes:
        advisory: The advisory, of the published schema.
        files: Every file by its name.
        signer: Id of the key that signed it.
        signed: When, as the signer says.
        digest: SHA-256 of the manifest: of everything but the signature.
        publisher: Ids of the publisher's keys: the signer, and those that a feed says were before or after it.
    """

    advisory: Mapping[str, Any]
    files: Mapping[str, bytes]
    signer: str
    signed: datetime
    digest: str
    publisher: frozenset[str]


def read_files(path: Path) -> dict[str, bytes]:
    """The files of a bundle in a folder or a tar file, within limits; nothing about them is checked yet.

    Raises:
        CasebackError: it is no bundle, too large, or holds a link or anything else that is no plain file.
    """
    try:
        if path.is_dir():
            return _folder(path)
        with path.open("rb") as file:
            return unpacked(file.read(ARCHIVE + 1), str(path))
    except OSError as error:
        raise CasebackError(f"{path}: no bundle to read ({error.strerror})") from None


def verified(files: Mapping[str, bytes], keys: Mapping[str, PublicKey], at: datetime | None = None) -> Bundle:
    """The bundle of these files, where one of ``keys`` signed all of it and its advisory fits the schema.

    Args:
        files: As ``read_files`` or ``unpacked`` gives them.
        keys: Those that are trusted, by id.
        at: The moment at which the key must have been valid; now where none is given.

    Raises:
        CasebackError: with the first reason why not.
    """
    check_sizes(files)
    check_manifest(files)
    if SIGNATURE not in files:
        raise CasebackError(f"a bundle without {SIGNATURE}: it is not signed")
    envelope = opened(files[SIGNATURE], PREDICATE, SIGNATURE)
    signer = signer_of(envelope.signatures)
    if signer not in keys:
        raise CasebackError(
            f"signed by the key {signer[:19]}…, which is not trusted here: pin it if you know whose it is"
        )
    envelope.signers(keys)
    digest = sha256(files[MANIFEST])
    if subjects(envelope.statement, SIGNATURE) != {MANIFEST: digest}:
        raise CasebackError(f"{SIGNATURE} is over another manifest than the one in the bundle")
    advisory = parse_canonical(files[ADVISORY], ADVISORY, MOST)
    check_advisory(advisory)
    said = envelope.statement["predicate"]
    if set(said) != {"advisory", "revision", "signed"} or [said["advisory"], said["revision"]] != [
        advisory["id"],
        advisory["revision"],
    ]:
        raise CasebackError(
            f"{SIGNATURE} is for {str(said.get('advisory'))[:60]}, and the advisory is {advisory['id']}"
        )
    signed = read_time(said["signed"], "signed")
    for moment in (signed, at or now()):
        if moment > keys[signer].expires:
            raise CasebackError(
                f"the key {signer[:19]}… of {keys[signer].name} expired on {written(keys[signer].expires)}: its owner "
                "has to sign with a new one"
            )
    return Bundle(advisory, dict(files), signer, signed, digest, frozenset({signer}))


def signer_of(signatures: Any) -> str:
    """The one key that signed a bundle.

    Raises:
        CasebackError: there are several.
    """
    if len(signatures) != 1:
        raise CasebackError(f"{len(signatures)} signatures: a bundle has one")
    return str(signatures[0][0])


def signed(files: Mapping[str, bytes], key: PrivateKey, at: datetime | None = None) -> dict[str, bytes]:
    """The files, the advisory in canonical JSON, with a manifest and a signature over it.

    Raises:
        CasebackError: the advisory does not fit its schema, a file does not belong in a bundle, or the key expired.
    """
    kept = {name: data for name, data in files.items() if name not in (MANIFEST, SIGNATURE)}
    check_sizes(kept)
    advisory = parse(kept[ADVISORY], ADVISORY, MOST)
    check_advisory(advisory)
    moment = at or now()
    if moment > key.public.expires:
        raise CasebackError(f"the key {key.public.id[:19]}… expired on {written(key.public.expires)}: make a new one")
    kept[ADVISORY] = canonical(advisory)
    manifest = manifest_of(kept)
    predicate = {"advisory": advisory["id"], "revision": advisory["revision"], "signed": written(moment)}
    envelope = sealed(statement(PREDICATE, {MANIFEST: sha256(manifest)}, predicate), [key])
    return {**kept, MANIFEST: manifest, SIGNATURE: envelope}


def write_folder(files: Mapping[str, bytes], folder: Path) -> None:
    """Write a bundle as a folder, the signature last.

    Raises:
        CasebackError: it cannot be written there.
    """
    for name in sorted(files, key=lambda each: each == SIGNATURE):
        largest(name)
        write_whole(folder / name, files[name])


def write_tar(files: Mapping[str, bytes], path: Path) -> None:
    """Write a bundle as one tar file.

    Raises:
        CasebackError: it cannot be written there.
    """
    write_whole(path, packed(files))


def _folder(folder: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    total = 0
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        most = largest(name)
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # a pipe would make the reader wait
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise CasebackError(f"{name} in {folder} is no plain file: a bundle holds nothing else")
            files[name] = file.read(most + 1)
        total += len(files[name])
        if len(files) > FILES or total > BUNDLE:
            raise CasebackError(f"{folder} is larger than a bundle may be: {FILES} files, {BUNDLE} bytes")
    return files


def _walk(folder: Path, depth: int = 0) -> list[Path]:
    found: list[Path] = []
    for entry in sorted(os.scandir(folder), key=lambda each: each.name):
        if entry.name.startswith(".") and entry.name.endswith(".part"):
            continue  # left behind where writing was stopped
        if entry.is_symlink():
            raise CasebackError(f"{entry.path} is a link: a bundle holds plain files only")
        if entry.is_dir(follow_symlinks=False):
            if depth:
                raise CasebackError(f"{entry.path} is a folder within a folder: a bundle has one level of them")
            found += _walk(Path(entry.path), 1)
        else:
            found.append(Path(entry.path))
        if len(found) > FILES:
            raise CasebackError(f"{folder} holds more than {FILES} files")
    return found
