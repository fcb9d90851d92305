"""The server that stands behind a gateway in proxy mode."""

import asyncio
import socket
from collections.abc import Sequence
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from caseback.watch.configuration import Limits
from caseback.watch.entry import Ended
from caseback.watch.gateway.answer import Asked, BrokeError
from caseback.watch.gateway.headers import back
from caseback.watch.verdict import Verdict

FRESH: ContextVar[list[bool]] = ContextVar("fresh")
"""Set by an attempt, filled by the socket that is made for it: a connection out of the pool makes none."""


class Upstream:
    """Asks the server behind, over connections that stay open. Used as ``async with``."""

    def __init__(self, address: str, key: str, limits: Limits) -> None:
        """``key`` is sent as the bearer's, where it is not empty."""
        self._address, self._limits = address, limits
        self._urls: dict[str, URL] = {}
        self._extra = [("accept-encoding", "identity"), *([("authorization", f"Bearer {key}")] if key else [])]

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60, socket_factory=_made),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._limits.connect_seconds),
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._session.close()

    async def __call__(self, asked: Asked) -> "UpstreamAnswer":
        """Asks.

        A connection out of the pool that turns out to be closed is no fault of anybody: then it asks once more, since
        nothing came back. One that was new is not tried again.

        Raises:
            BrokeError: it is down, or ended without an answer.
        """
        fresh: list[bool] = []
        FRESH.set(fresh)
        try:
            try:
                return UpstreamAnswer(await self._send(asked))
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                if fresh or isinstance(error, aiohttp.ClientConnectorError):
                    raise
                return UpstreamAnswer(await self._send(asked))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise BrokeError(502, "upstream_down", f"the model server cannot be reached ({_why(error)})") from None
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise BrokeError(502, "upstream_broke", f"the model server gave no answer ({_why(error)})") from None

    async def _send(self, asked: Asked) -> aiohttp.ClientResponse:
        return await self._session.request(
            asked.method,
            self._url(asked.path, asked.query),
            headers=[*asked.headers, *self._extra, ("x-request-id", asked.id)],
            data=asked.body or None,
            allow_redirects=False,
        )

    def _url(self, path: str, query: bytes) -> URL:
        if query:
            return URL(f"{self._address}{path}?{query.decode('latin-1')}", encoded=True)
        if (url := self._urls.get(path)) is None:
            url = self._urls[path] = URL(self._address + path, encoded=True)
        return url


class UpstreamAnswer:
    """An answer that has begun (``answer.Answer``)."""

    verdicts: tuple[Verdict, ...] = ()
    ended: Ended = "whole"

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response, self._content = response, response.content
        self.status = response.status
        self.headers: Sequence[tuple[bytes, bytes]] = back(response.raw_headers)
        self.streamed = response.headers.get("content-type", "").startswith("text/event-stream")

    async def read(self) -> bytes:
        """What came since; empty at the end.

        Raises:
            BrokeError: it broke off.
        """
        try:
            return await self._content.readany()
        except (aiohttp.ClientError, OSError) as error:
            raise BrokeError(502, "upstream_broke", f"the model server broke off ({_why(error)})") from None

    def close(self) -> None:
        """Closes the connection, unless all was read: then it is back in the pool."""
        self._response.close()


def _made(info: Any) -> socket.socket:
    family, kind, protocol, *_ = info
    FRESH.get([]).append(True)
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    return made


def _why(error: BaseException) -> str:
    if isinstance(error, asyncio.TimeoutError):
        return "it took no connection in time"
    return str(getattr(error, "strerror", "") or "") or type(error).__name__
