"""Reading a feed where it lies: a folder, or an address that begins with http:// or https://."""

import http.client
import os
import socket
import ssl
import stat
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread
from urllib.parse import quote, urlsplit

from caseback.errors import CasebackError

Fetch = Callable[[str, int], bytes]
"""``fetch(path, limit)``: the bytes of a file of the feed, ``limit`` at most."""
PATIENCE = 20.0
"""Seconds to wait for an answer to begin or go on."""
LONGEST = 300.0
"""Seconds for one file in all, from the call to the last byte: one that trickles is given up."""
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
        try:
            parts = urlsplit(address)
            self.port = parts.port
        except ValueError as error:
            raise CasebackError(f"{address[:200]} is no address of a feed ({error}): write https://host/path") from None
        if not parts.hostname or parts.username or parts.query or parts.fragment:
            raise CasebackError(f"{address[:200]} is no address of a feed: write https://host/path, without a password")
        self.address, self.base = address.rstrip("/"), parts.path.rstrip("/")
        self.host, self.safe = parts.hostname, parts.scheme == "https"
        self.line: http.client.HTTPConnection | None = None

    def fetch(self, path: str, limit: int) -> bytes:
        what, why = f"{self.address}/{path}", ""
        for _ in range(TRIES):
            if self.line is None:
                self.line = self._called()
            try:
                return _in_time(partial(self._asked, self.line, path, limit), what)
            except (OSError, http.client.HTTPException, ValueError) as error:
                why = f"{type(error).__name__}: {error}".rstrip(": ")
                self._hang_up()
            except CasebackError:
                self._hang_up()
                raise
        raise CasebackError(f"{what}: cannot be read ({why[:120]}); sync again later, or give a mirror")

    def _called(self) -> http.client.HTTPConnection:
        if not self.safe:
            return http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
        return http.client.HTTPSConnection(self.host, self.port, timeout=PATIENCE, context=ssl.create_default_context())

    def _asked(self, line: http.client.HTTPConnection, path: str, limit: int) -> bytes:
        # The base is a part of an address, so what had to be is quoted in it already.
        line.request("GET", quote(f"{self.base}/{path}", safe="/%"), headers={"Accept-Encoding": "identity"})
        answer, what = line.getresponse(), f"{self.address}/{path}"
        if answer.status != 200:
            raise CasebackError(f"{what}: the server answered {answer.status} {answer.reason[:60]}")
        parts, left = list[bytes](), limit + 1
        while left and (part := answer.read1(min(left, 1 << 16))):
            parts.append(part)
            left -= len(part)
        data = _within(b"".join(parts), limit, what)
        if answer.length:  # it broke off before the end that it had promised
            raise http.client.IncompleteRead(data, answer.length)
        answer.close()  # read to its end in parts, it does not see by itself that the line is free again
        return data

    def _hang_up(self) -> None:
        if self.line is not None:
            if self.line.sock:
                with suppress(OSError):
                    self.line.sock.shutdown(socket.SHUT_RDWR)  # whoever still waits for it waits no longer
            self.line.close()
        self.line = None


def _in_time(job: Callable[[], bytes], what: str) -> bytes:
    """What a job gives within ``LONGEST`` seconds. A server can make any step of it wait, so it runs beside us, and is
    left where it takes longer."""
    done, failed = list[bytes](), list[BaseException]()

    def run() -> None:
        try:
            done.append(job())
        except BaseException as error:  # raised where the job was asked for
            failed.append(error)

    beside = Thread(target=run, daemon=True)
    beside.start()
    beside.join(LONGEST)
    if failed:
        raise failed[0]
    if not done:
        raise CasebackError(f"{what}: took longer than {LONGEST:.0f} s")
    return done[0]
