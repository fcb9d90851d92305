"""A web server of aiohttp in a thread of its own, on this machine."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web


@contextmanager
def listening(
    handle: Callable[[web.Request], Awaitable[web.StreamResponse]], port: int = 0, largest: int = 1 << 20, **runs: Any
) -> Iterator[tuple[int, web.AppRunner, asyncio.AbstractEventLoop]]:
    """Whatever is asked goes to ``handle``; yields port, runner and loop. ``runs`` goes to the runner."""
    loop, ready, made = asyncio.new_event_loop(), threading.Event(), []

    async def start() -> web.AppRunner:
        app = web.Application(client_max_size=largest)
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1, **runs)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        made.append(runner)
        ready.set()
        return runner

    def main() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=main, daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield made[0].addresses[0][1], made[0], loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
