"""The way to the client."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from caseback.watch.gateway.going import Going

Send = Callable[[Any], Awaitable[None]]
JSON = (b"content-type", b"application/json")


class Out:
    """Sends an answer to a client, whose slowness is then what is waited for.

    Attributes:
        started: Whether its status is sent.
    """

    def __init__(self, send: Send, going: Going, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """``headers`` go with every answer."""
        self._send, self._going, self._headers = send, going, headers
        self.started = False

    async def start(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """The status and the headers."""
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": [*self._headers, *headers]})

    async def part(self, data: bytes) -> None:
        """A part of the answer."""
        going = self._going
        going.waits = "client"
        await self._send({"type": "http.response.body", "body": data, "more_body": True})
        going.sent += len(data)
        going.waits, going.moved = "upstream", time.perf_counter()

    async def last(self, data: bytes) -> None:
        """The last part."""
        self._going.waits = "client"
        self._going.sent += len(data)
        await self._send({"type": "http.response.body", "body": data, "more_body": False})

    async def all(self, status: int, data: bytes, *headers: tuple[bytes, bytes]) -> None:
        """An answer at once."""
        await self.start(status, [*headers, (b"content-length", str(len(data)).encode())])
        await self.last(data)

    async def json(self, status: int, data: bytes, *headers: tuple[bytes, bytes]) -> None:
        """JSON at once."""
        await self.all(status, data, JSON, *headers)
