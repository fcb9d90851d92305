"""uvicorn's HTTP protocol, with bounds on the head of a request, and writing head and body of an answer together.

uvicorn waits for ever for a head, and takes one of any size. uvloop hands each write to the operating system at once,
and uvicorn writes twice for each answer: two system calls, and a client that wakes up for a head alone, cost more than
all else that the gateway adds.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES, HEAD_SECONDS = 1 << 16, 30.0
"""Of a request, for its line and headers: 64 KiB and half a minute."""
MOST = 1 << 16
"""Bytes that wait until the event loop comes round again."""


class JoinedProtocol(HttpToolsProtocol):
    """Writes once for each turn of the event loop; closes a connection whose request does not begin in order."""

    def connection_made(self, transport: Any) -> None:
        """A client came."""
        super().connection_made(JoinedWrites(transport, self.loop))  # type: ignore[arg-type]  # as much of one as is used
        self._head_bytes, self._in_head = 0, True
        self._late = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def connection_lost(self, error: Exception | None) -> None:
        """The client went."""
        self._late.cancel()
        super().connection_lost(error)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        if not self._in_head:
            self._head_bytes, self._in_head = 0, True
            self._late = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def on_headers_complete(self) -> None:
        """The last of its head."""
        self._in_head = False
        self._late.cancel()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Some of it."""
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("The head of the request is too large.")


class JoinedWrites:
    """A transport whose writes of one turn of the event loop go together."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._soon = transport, loop.call_soon
        self._waiting: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        """Everything else is as it was."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Takes data, to be sent soon."""
        if not self._waiting:
            self._soon(self._flush)
        self._waiting.append(data)
        self._size += len(data)
        if self._size > MOST:
            self._flush()

    def close(self) -> None:
        """Sends what waits, and closes."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._waiting:
            data = self._waiting[0] if len(self._waiting) == 1 else b"".join(self._waiting)
            self._waiting.clear()
            self._size = 0
            if not self._transport.is_closing():
                self._transport.write(data)
