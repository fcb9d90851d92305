"""An OpenAI-compatible server on this machine that answers as a test tells it to."""

import asyncio
import threading
import time
from contextlib import contextmanager

from aiohttp import web


def answer(text="fine", **message):
    return web.json_response(
        {
            "choices": [
                {
                    "message": {"role": "assistant", "content": text, **message},
                    "finish_reason": "stop",
                    "logprobs": {"content": [{"token": "fi", "logprob": -0.5}, {"token": "ne", "logprob": -0.25}]},
                }
            ],
            "usage": {"prompt_tokens": 7, "completion_tokens": 2},
        }
    )


def problem(status, message, **headers):
    return web.json_response({"error": {"message": message}}, status=status, headers=headers)


@contextmanager
def serving(behaviour):
    """A server whose answers are ``behaviour(number of the request, its body)``; yields address and seen requests."""
    seen = []
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    port = []

    async def handle(request):
        body = await request.json()
        seen.append({"body": body, "request": request, "headers": dict(request.headers), "at": time.monotonic()})
        made = behaviour(len(seen) - 1, body)
        return await made if asyncio.iscoroutine(made) else made

    async def start():
        app = web.Application()
        app.router.add_post("/v1/chat/completions", handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port.append(site._server.sockets[0].getsockname()[1])
        ready.set()
        return runner

    def main():
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=main, daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield f"http://127.0.0.1:{port[0]}/v1", seen
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
