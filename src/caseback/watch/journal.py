"""The journal: what the gateway wrote down, until a writer has all of it in the store.

A folder of files, each by one gateway, which only appends: four bytes of length, four of CRC-32, and an entry in
MessagePack. An append is one ``write``, so what a killed process wrote stays, and at most the last entry of a file is
torn. Its gateway holds a lock on the file while it lives, and from before it can be seen. The reader deletes a file
once nobody writes it any more and all that is in it has been kept.
"""

import errno
import fcntl
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from caseback.errors import CasebackError
from caseback.watch.entry import Beat, Begun, Carried, Closed, Entry, Missed, Opened

SUFFIX, BEGUN = ".journal", ".begun"
ROTATE = 1 << 24
"""Bytes after which a file is followed by the next: 16 MiB."""
LARGEST = 1 << 28
"""Bytes of an entry that is read: 256 MiB."""
HEAD = struct.Struct("<II")
KINDS: tuple[type[Any], ...] = (Opened, Begun, Carried, Missed, Beat, Closed)
ENCODER = msgspec.msgpack.Encoder()
DECODERS = [msgspec.msgpack.Decoder(kind) for kind in KINDS]


class Journal:
    """A gateway's own end of the journal. Not for several threads."""

    def __init__(self, folder: Path, gateway: str) -> None:
        """Begins a file; ``gateway`` is an id that no other has.

        Raises:
            CasebackError: the folder cannot be written.
        """
        self.folder, self.gateway, self.number, self.file, self.size = folder, gateway, 0, -1, 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._begin()
        except OSError as error:
            raise CasebackError(f"{folder}: no journal can be written there ({error.strerror})") from None

    def append(self, entry: Entry) -> None:
        """Writes an entry: it is the operating system's when this returns, and survives the process.

        Raises:
            OSError: it could not be written, as on a full disk. The file is then as it was before.
        """
        body = bytes([KINDS.index(type(entry))]) + ENCODER.encode(entry)
        if len(body) > LARGEST - HEAD.size:
            raise OSError(errno.EFBIG, f"an entry of {len(body)} bytes is more than is read")
        record = HEAD.pack(len(body), zlib.crc32(body)) + body
        if self.size and self.size + len(record) > ROTATE:
            self._begin()
        written = 0
        try:
            while written < len(record):
                written += os.write(self.file, record[written:])
        except OSError:
            if written:
                os.ftruncate(self.file, self.size)
            raise
        self.size += len(record)

    def close(self) -> None:
        """Gives the file up to the reader."""
        os.close(self.file)

    def _begin(self) -> None:
        path = self.folder / f"{self.gateway}-{self.number:06d}{SUFFIX}"
        begun = path.with_suffix(BEGUN)
        file = os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.link(begun, path)  # never over another gateway's file, and locked from the first moment it is seen
        except OSError:
            os.close(file)
            raise
        finally:
            os.unlink(begun)
        if self.number:
            os.close(self.file)
        self.file, self.size, self.number = file, 0, self.number + 1


@dataclass(frozen=True)
class Read:
    """What stands in a file from some byte on.

    Attributes:
        entries: In order.
        end: The byte after the last of them: where to read on.
        more: Whether whole entries may follow it.
        torn: Bytes behind ``end`` that are no whole entry. Of a file that nobody writes any more they are lost.
        damaged: Why the file cannot be read on though bytes enough are there; empty where it can.
    """

    entries: tuple[Entry, ...]
    end: int
    more: bool = False
    torn: int = 0
    damaged: str = ""


def journal_files(folder: Path) -> list[Path]:
    """The files of a journal; those of a gateway in its order."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def gateway_of(path: Path) -> tuple[str, int]:
    """Whose file it is, and its number among that gateway's.

    Raises:
        CasebackError: it is not named as files of a journal are.
    """
    gateway, _, number = path.name.removesuffix(SUFFIX).rpartition("-")
    if not gateway or not (number.isascii() and number.isdecimal()):
        raise CasebackError(f"{path}: no file of a journal is named so; move it away")
    return gateway, int(number)


def is_written(path: Path) -> bool:
    """Whether a gateway still holds the file. Asked before it is read to its end, not after."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def read_journal(path: Path, start: int = 0, most: int = ROTATE) -> Read:
    """The entries from byte ``start`` on, as many as fit into about ``most`` bytes, though one at least. Never fails
    for what is in the file.
    """
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(max(most, HEAD.size))
        if len(data) >= HEAD.size and len(data) < (whole := HEAD.size + HEAD.unpack_from(data)[0]) <= LARGEST:
            data += file.read(whole - len(data))
        left = max(os.fstat(file.fileno()).st_size - start, len(data))
    entries, at, damaged = _entries(data)
    if damaged:
        return Read(tuple(entries), start + at, torn=left - at, damaged=damaged)
    if entries and len(data) < left:
        return Read(tuple(entries), start + at, more=True)
    return Read(tuple(entries), start + at, torn=left - at)


def _entries(data: bytes) -> tuple[list[Entry], int, str]:
    """The entries, where they end, and what is wrong with the next one as far as that is not merely cut off."""
    entries: list[Entry] = []
    at = 0
    while at + HEAD.size <= len(data):
        length, checksum = HEAD.unpack_from(data, at)
        body = data[at + HEAD.size : at + HEAD.size + length]
        if not 0 < length <= LARGEST:
            return entries, at, f"an entry of {length} bytes"
        if len(body) < length:
            break
        if zlib.crc32(body) != checksum:
            return entries, at, "an entry does not fit its checksum"
        try:
            entries.append(DECODERS[body[0]].decode(body[1:]))
        except (IndexError, ValueError, RecursionError) as error:
            return entries, at, f"an entry of a kind that this version does not know ({error})"
        at += HEAD.size + length
    return entries, at, ""
