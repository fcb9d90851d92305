"""The journal: what the gateway wrote down, until a writer has all of it in the store.

A folder of files, each by one gateway, which only appends: four bytes of length, four of CRC-32, and an entry in
MessagePack. An append is one ``write``, so what a killed process wrote stays, and at most the last entry of a file is
torn. Its gateway holds a lock on the file while it lives. The reader deletes a file once nobody writes it any more and
all that is in it has been kept.
"""

import fcntl
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from caseback.errors import CasebackError
from caseback.watch.entry import Beat, Begun, Carried, Closed, Entry, Missed, Opened

SUFFIX = ".journal"
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
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if self.number:
            os.close(self.file)
        self.file, self.size, self.number = file, 0, self.number + 1


@dataclass(frozen=True)
class Read:
    """What stands in a file from some byte on.

    Attributes:
        entries: In order.
        end: The byte after the last of them: where to read on.
        torn: Bytes behind it that are no whole entry. Of a file that nobody writes any more they are lost; an entry
            that fails its checksum ends what can be read.
    """

    entries: tuple[Entry, ...]
    end: int
    torn: int


def journal_files(folder: Path) -> list[Path]:
    """The files of a journal; those of a gateway in its order."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def is_written(path: Path) -> bool:
    """Whether a gateway still holds the file. Asked before it is read to its end, not after."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def read_journal(path: Path, start: int = 0, most: int = ROTATE) -> Read:
    """The entries from byte ``start`` on, as many as fit into about ``most`` bytes, though one at least."""
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(max(most, HEAD.size))
        if len(data) >= HEAD.size and len(data) < (whole := HEAD.size + HEAD.unpack_from(data)[0]) <= LARGEST:
            data += file.read(whole - len(data))
        at, entries = 0, []
        for body, end in _bodies(data):
            entries.append(DECODERS[body[0]].decode(body[1:]))
            at = end
        left = os.fstat(file.fileno()).st_size - start - at
    more = bool(entries) and len(data) - at < left
    return Read(tuple(entries), start + at, 0 if more else left)


def _bodies(data: bytes) -> Iterator[tuple[bytes, int]]:
    at = 0
    while at + HEAD.size <= len(data):
        length, checksum = HEAD.unpack_from(data, at)
        body = data[at + HEAD.size : at + HEAD.size + length]
        if len(body) < length or not body or zlib.crc32(body) != checksum:
            return
        at += HEAD.size + length
        yield body, at
