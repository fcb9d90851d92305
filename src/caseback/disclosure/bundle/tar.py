"""A bundle as one file: a tar archive (POSIX ustar) written one way only, uncompressed.

It is read without an archive library: each header is made anew from the name and size that it gives, and must come out
the same. So links, devices, long names, sparse files, owners, compression and padding cannot be in it at all.
"""

import tarfile
from collections.abc import Iterator, Mapping

from caseback.disclosure.bundle.limits import BUNDLE, FILES
from caseback.disclosure.bundle.paths import largest
from caseback.errors import CasebackError

BLOCK = 512
ARCHIVE = BUNDLE + 2 * BLOCK * (FILES + 1)
"""Bytes of an archive: to each file belong a header and less than a block of zeros, and two blocks end it."""


def packed(files: Mapping[str, bytes]) -> bytes:
    """The archive of these files, in the order of their names; any tar program unpacks it."""
    parts = []
    for name in sorted(files):
        parts += [_header(name, len(files[name])), files[name], _padding(len(files[name]))]
    return b"".join(parts) + bytes(2 * BLOCK)


def unpacked(archive: bytes, what: str) -> dict[str, bytes]:
    """The files of an archive, within the limits of a bundle.

    Raises:
        CasebackError: a byte of it is not as ``packed`` writes it; ``what`` names it.
    """
    if len(archive) > ARCHIVE:
        raise CasebackError(f"{what} has more than the {ARCHIVE} bytes that are allowed")
    files = dict(_members(archive, what))
    if packed(files) != archive:
        raise CasebackError(f"{what} is not written the one way that bundles are: pack it again")
    return files


def _members(archive: bytes, what: str) -> Iterator[tuple[str, bytes]]:
    at, count = 0, 0
    while at + BLOCK <= len(archive) and archive[at] != 0:
        count += 1
        if count > FILES:
            raise CasebackError(f"{what} holds more than {FILES} files")
        head = archive[at : at + BLOCK]
        name = head[:100].rstrip(b"\0").decode("ascii", "replace")
        digits = head[124:135]
        if not (digits.isdigit() and set(digits) <= set(b"01234567")):
            raise CasebackError(f"{what} holds a header that is none of a file's")
        size = int(digits, 8)
        if size > largest(name):
            raise CasebackError(f"{name} in {what} has {size} bytes; {largest(name)} are allowed")
        if head != _header(name, size):
            raise CasebackError(f"{name} in {what} is no plain file, or its header was altered")
        content = archive[at + BLOCK : at + BLOCK + size]
        if len(content) != size:
            raise CasebackError(f"{what} is cut off within {name}")
        yield name, content
        at += BLOCK + size + len(_padding(size))


def _header(name: str, size: int) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size = size
    return entry.tobuf(tarfile.USTAR_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % BLOCK)
