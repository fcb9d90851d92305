"""A model server that answers as a test tells it to, and remembers what it was asked."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from listening_for_tests import listening


@dataclass
class Seen:
    """What the model server got."""

    path: str
    headers: dict[str, str]
    body: bytes
    names: list[str] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when whoever asked went away before the end."""


def reply(text: str = "fine", **message: Any) -> dict[str, Any]:
    """A chat completion."""
    said = {"role": "assistant", "content": text, **message}
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "scripted",
        "choices": [{"index": 0, "message": said, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}, "extra_field": {"kept": True},
    }  # fmt: skip


def event(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    """An event of a stream."""
    made = {
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "scripted",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more,
    }  # fmt: skip
    return b"data: " + json.dumps(made).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def events(*words: str) -> list[bytes]:
    """A whole stream of these words."""
    first = event({"role": "assistant", "content": ""})
    return [first, *(event({"content": each}) for each in words), event({}, "stop"), DONE]


def answered(
    body: Any, status: int = 200, **headers: str
) -> Callable[[web.Request, Seen], Awaitable[web.StreamResponse]]:
    """Answers with this JSON, or these bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}

    async def answer(request: web.Request, seen: Seen) -> web.StreamResponse:
        return web.Response(body=content, status=status, headers=kind)

    return answer


def streamed(parts: list[Any]) -> Callable[[web.Request, Seen], Awaitable[web.StreamResponse]]:
    """Streams these parts; a number among them is a pause in seconds, and None breaks the connection off."""

    async def answer(request: web.Request, seen: Seen) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        try:
            for part in parts:
                if part is None:
                    assert request.transport is not None
                    request.transport.abort()
                    return response
                if isinstance(part, bytes):
                    await response.write(part)
                else:
                    await asyncio.sleep(part)
            await response.write_eof()
        except (asyncio.CancelledError, ConnectionError):
            seen.gone.set()
            raise
        return response

    return answer


@dataclass
class Model:
    """The server: its address, what it answers next, and what it saw."""

    address: str = ""
    answer: Callable[[web.Request, Seen], Awaitable[web.StreamResponse]] = field(
        default_factory=lambda: answered(reply())
    )
    seen: list[Seen] = field(default_factory=list)
    drop: Callable[[], None] = lambda: None
    """Closes the connections that stay open."""


@contextmanager
def model_server(port: int = 0) -> Iterator[Model]:
    """Runs in a thread of its own."""
    model = Model()

    async def handle(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        names = [name.decode().lower() for name, _ in request.raw_headers]
        seen = Seen(request.path_qs, {name.lower(): value for name, value in request.headers.items()}, body, names)
        model.seen.append(seen)
        return await model.answer(request, seen)

    with listening(handle, port, 1 << 30, handler_cancellation=True) as (found, runner, loop):

        def drop() -> None:
            async def close() -> None:
                assert runner.server is not None
                for each in list(runner.server.connections):
                    each.transport and each.transport.close()

            asyncio.run_coroutine_threadsafe(close(), loop).result(5)

        model.address, model.drop = f"http://127.0.0.1:{found}", drop
        yield model
