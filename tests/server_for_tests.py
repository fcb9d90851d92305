"""An OpenAI-compatible server on this machine that answers as a test tells it to."""

import asyncio
import time
from contextlib import contextmanager

from aiohttp import web

from listening_for_tests import listening


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

    async def handle(request):
        body = await request.json()
        seen.append({"body": body, "request": request, "headers": dict(request.headers), "at": time.monotonic()})
        made = behaviour(len(seen) - 1, body)
        return await made if asyncio.iscoroutine(made) else made

    with listening(handle) as (port, _, _):
        yield f"http://127.0.0.1:{port}/v1", seen
