"""A subject served over HTTP by itself: an ASGI application that writes down each exchange as a gateway does.

It knows neither keys nor limits, and is for this machine: ``caseback watch`` puts the gateway in front. Scores of
tokens go to clients that ask for them with ``X-Caseback-Scores: 1``.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from caseback.watch.entry import Beat, Begun, Carried, Closed, Ended, Entry, Missed, Opened
from caseback.watch.journal import Journal
from caseback.watch.serving.embedded import CHAT, Embedded, Stream, Whole
from caseback.watch.serving.refused import error_body
from caseback.watch.verdict import Verdict

Send = Callable[[Any], Awaitable[None]]
Receive = Callable[[], Awaitable[Any]]
BEAT = 1.0
"""Seconds between signs of life."""
LARGEST = 1 << 25
"""Bytes of a request."""


@dataclass(frozen=True)
class _Asked:
    id: str
    method: str
    path: str
    body: bytes
    scores: bool


class App:
    """The application. Its journal, where it has one, is used by the event loop's thread alone."""

    def __init__(self, embedded: Embedded, journal: Journal | None = None) -> None:
        self.embedded, self.journal = embedded, journal
        self.missed: Missed | None = None
        self.beats: asyncio.Task[None] | None = None

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                gateway = self.journal.gateway if self.journal else ""
                self._write(Opened(gateway, time.time(), self.embedded.serves))
                self.beats = asyncio.create_task(self._beat())
                await send({"type": "lifespan.startup.complete"})
            else:
                if self.beats is not None:
                    self.beats.cancel()
                await asyncio.to_thread(self.embedded.close)
                self._write(Closed(time.time()))
                if self.journal is not None:
                    self.journal.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            self._write(Beat(time.time()))

    async def _answer(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["path"] == "/health":
            load = self.embedded.engine.load()
            state = {"status": "ok", "answered": load.answered, "waiting": load.waiting, "tokens": load.tokens}
            await _sent(Whole(200, msgspec.json.encode(state)), send)
            return
        headers = dict(scope["headers"])
        body = await _body(receive)
        if body is None:
            refused = error_body(413, f"a request may have {LARGEST} bytes", code="request_too_large")
            await _sent(Whole(413, msgspec.json.encode(refused)), send)
            return
        shown = headers.get(b"x-caseback-scores", b"") == b"1"
        asked = _Asked(f"{time.time_ns():016x}{uuid.uuid4().hex[:12]}", scope["method"], scope["path"], body, shown)
        if asked.path != CHAT:
            await _sent(await self.embedded(asked), send)
            return
        going = _Going(asked, headers)
        self._write(Begun(asked.id, going.time))
        asking = asyncio.create_task(self._ask(asked, going, send))
        leaving = asyncio.create_task(_left(receive))
        await asyncio.wait((asking, leaving), return_when=asyncio.FIRST_COMPLETED)
        if asking.done():
            leaving.cancel()
        else:
            asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
        if not going.written:
            left = going.answer.verdicts if going.answer else self.embedded.untold("the client left before its reply")
            self._write(going.carried("client left", left))

    async def _ask(self, asked: _Asked, going: "_Going", send: Send) -> None:
        answer = await self.embedded(asked)
        going.answer = answer
        try:
            headers = list(answer.headers)
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            part = await answer.read()
            while part:
                going.keep(part)
                over = _over(answer)
                if over:  # written down before the client has the last of it
                    going.written = True
                    self._write(going.carried(answer.ended, answer.verdicts))
                await send({"type": "http.response.body", "body": part, "more_body": not over})
                part = b"" if over else await answer.read()
        finally:
            answer.close()

    def _write(self, entry: Entry) -> None:
        """Writes down; where that fails it counts what was missed, and says so once it can."""
        if self.journal is None:
            return
        try:
            if self.missed is not None:
                self.journal.append(self.missed)
                self.missed = None
            self.journal.append(entry)
        except OSError as error:
            if isinstance(entry, Carried):
                was, why = self.missed, error.strerror or type(error).__name__
                begun = was.begun if was else entry.time
                self.missed = Missed(begun, time.time(), (was.exchanges if was else 0) + 1, why)


class _Going:
    """An exchange under way."""

    def __init__(self, asked: _Asked, headers: Mapping[bytes, bytes]) -> None:
        self.asked = asked
        self.time, self.clock = time.time(), time.perf_counter()
        self.trace = headers.get(b"traceparent", b"").decode("latin-1")
        self.agent = headers.get(b"x-caseback-agent", b"").decode("latin-1")
        self.response = bytearray()
        self.first: float | None = None
        self.written = False
        self.answer: Whole | Stream | None = None

    def keep(self, part: bytes) -> None:
        if self.first is None:
            self.first = (time.perf_counter() - self.clock) * 1e3
        self.response += part

    def carried(self, ended: Ended, verdicts: tuple[Verdict, ...]) -> Carried:
        answer, asked = self.answer, self.asked
        return Carried(
            asked.id,
            self.time,
            "",
            self.trace,
            self.agent,
            asked.path,
            answer.status if answer else 0,
            ended,
            bool(answer and answer.streamed),
            asked.body,
            bytes(self.response),
            self.first,
            (time.perf_counter() - self.clock) * 1e3,
            verdicts,
        )


def _over(answer: Whole | Stream) -> bool:
    """Whether all of it was read."""
    return not isinstance(answer, Stream) or answer.over


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(receive: Receive) -> bytes | None:
    """All of a request; None where it is too large."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


async def _sent(answer: Whole | Stream, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
    await send({"type": "http.response.body", "body": await answer.read()})
