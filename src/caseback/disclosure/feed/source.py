"""Reading a feed where it lies: a folder, or an address that begins with http:// or https://."""

import http.client
import os
import ssl
import stat
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

from caseback.errors import CasebackError

Fetch = Callable[[str, int], bytes]
"""``fetch(path, limit)``: the bytes of a file of the feed, ``limit`` at most."""
PATIENCE = 20.0
"""Seconds to wait for an answer to begin or go on."""
LONGEST = 300.0
"""Seconds for one file in all: one that trickles is given up."""
TRIES = 2


def source(address: str) -> Fetch:
    """How files of the feed at this address are read.

    Raises:
        CasebackError: it is no address. What is returned raises it where a file cannot be had, or is larger than
            it may be.
    """
    if address.startswith(("http://", "https://")):
        return _Web(address).fetch
    if "://" in address:
        raise CasebackError(f"{address}: a feed is a folder, or an address that begins with https:// or http://")
    folder = Path(address)
    return lambda path, limit: _file(folder, path, limit)


def _file(folder: Path, path: str, limit: int) -> bytes:
    try:
        handle = os.open(folder / path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise CasebackError(f"{folder / path} is no plain file")
            data = file.read(limit + 1)
    except OSError as error:
        raise CasebackError(f"{folder / path}: cannot be read ({error.strerror})") from None
    return _within(data, limit, str(folder / path))


def _within(data: bytes, limit: int, what: str) -> bytes:
    if len(data) > limit:
        raise CasebackError(f"{what} has more than the {limit} bytes that it may have")
    return data


class _Web:
    """One connection, kept open, and opened anew where it broke. Redirects are not followed."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        if not parts.hostname or parts.username or parts.query or parts.fragment:
            raise CasebackError(f"{address[:200]} is no address of a feed: write https://host/path, without a password")
        self.address, self.base = address.rstrip("/"), parts.path.rstrip("/")
        self.host, self.port, self.safe = parts.hostname, parts.port, parts.scheme == "https"
        self.line: http.client.HTTPConnection | None = None

    def fetch(self, path: str, limit: int) -> bytes:
        why = ""
        for _ in range(TRIES):
            try:
                return self._asked(path, limit)
            except (OSError, http.client.HTTPException) as error:
                why = f"{type(error).__name__}: {error}".rstrip(": ")
                self._hang_up()
        raise CasebackError(f"{self.address}/{path}: cannot be read ({why[:120]}); sync again later, or give a mirror")

    def _asked(self, path: str, limit: int) -> bytes:
        if self.line is None:
            context = ssl.create_default_context() if self.safe else None
            self.line = (
                http.client.HTTPSConnection(self.host, self.port, timeout=PATIENCE, context=context)
                if self.safe
                else http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
            )
        self.line.request("GET", quote(f"{self.base}/{path}"), headers={"Accept-Encoding": "identity"})
        answer = self.line.getresponse()
        if answer.status != 200:
            self._hang_up()
            raise CasebackError(f"{self.address}/{path}: the server answered {answer.status} {answer.reason[:60]}")
        return self._read(answer, limit, f"{self.address}/{path}")

    def _read(self, answer: http.client.HTTPResponse, limit: int, what: str) -> bytes:
        parts, left, end = list[bytes](), limit + 1, time.monotonic() + LONGEST
        while left and (part := answer.read1(min(left, 1 << 16))):
            parts.append(part)
            left -= len(part)
            if time.monotonic() > end:
                self._hang_up()
                raise CasebackError(f"{what}: took longer than {LONGEST:.0f} s")
        data = b"".join(parts)
        if len(data) > limit:
            self._hang_up()
        elif answer.length:  # it broke off before the end that it had promised
            raise http.client.IncompleteRead(data, answer.length)
        else:
            answer.close()  # read to its end in parts, it does not see by itself that the line is free again
        return _within(data, limit, what)

    def _hang_up(self) -> None:
        if self.line is not None:
            self.line.close()
        self.line = None
