"""A person's chat through a gateway: the stream as it comes, with the scores of every token in it."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
from starlette.responses import JSONResponse, Response, StreamingResponse

from caseback.studio.desk import Desk, Gateway
from caseback.studio.messages import wrong_messages
from caseback.studio.page import Names, Page
from caseback.studio.post import Post

Data = Mapping[str, Any]
FIELDS = {"messages", "max_tokens", "temperature", "seed"}
QUIET = 120.0
"""Seconds without a byte of the gateway after which it is told that it hangs."""
ERROR = 2_000
"""Characters of a gateway's refusal that are passed on."""


def chat(desk: Desk, parts: Names, query: Names) -> Data:
    """Whom one talks to, and where exchanges can be looked at afterwards."""
    return {
        "gateway": desk.gateway.address if desk.gateway else None,
        "stores": list(desk.stores.where(desk.folder)),
    }


async def _say(desk: Desk, parts: Mapping[str, str], given: Mapping[str, Any]) -> Response:
    if desk.gateway is None:
        return JSONResponse({"error": "no gateway is at hand: start the studio with --gateway"}, 404)
    if why := wrong(given):
        return JSONResponse({"error": why}, 400)
    body = {**given, "model": await _model(desk.gateway), "stream": True, "stream_options": {"include_usage": True}}
    session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, connect=10, sock_read=QUIET))
    try:
        answer = await session.post(
            f"{desk.gateway.address}/v1/chat/completions", json=body, headers=_headers(desk.gateway)
        )
        if answer.status != 200:
            said = (await answer.content.read(ERROR)).decode("utf-8", "replace")
            await session.close()
            return JSONResponse({"error": _reason(said) or f"status {answer.status}"}, 502)
    except (aiohttp.ClientError, TimeoutError) as error:
        await session.close()
        return JSONResponse({"error": f"{desk.gateway.address} does not answer ({error or 'in time'})"}, 502)
    return StreamingResponse(_passed(session, answer), media_type="text/event-stream")


def wrong(given: Mapping[str, Any]) -> str:
    """What is wrong with a request; empty where nothing is."""
    if set(given) - FIELDS:
        return f"send messages, and of {', '.join(sorted(FIELDS - {'messages'}))} what you want"
    if why := wrong_messages(given.get("messages")):
        return why
    for name, low, high in (("max_tokens", 1, 4096), ("temperature", 0, 10), ("seed", 0, 2**63 - 1)):
        value = given.get(name, low)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            return f"{name} must be a number from {low} to {high}"
    return ""


async def _passed(session: aiohttp.ClientSession, answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.content.iter_any():
            yield piece
    except (TimeoutError, aiohttp.ClientError) as error:
        yield b"data: " + json.dumps({"error": {"message": f"the gateway broke off ({error})"}}).encode() + b"\n\n"
    finally:
        answer.close()
        await session.close()


async def _model(gateway: Gateway) -> str:
    """The first model that the gateway serves; empty where it does not say."""
    timeout = aiohttp.ClientTimeout(total=10)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{gateway.address}/v1/models", headers=_headers(gateway)) as answer,
        ):
            listed = await answer.json()
            return str(listed["data"][0]["id"])
    except (aiohttp.ClientError, TimeoutError, ValueError, LookupError, TypeError):
        return ""


def _headers(gateway: Gateway) -> dict[str, str]:
    return {"Authorization": f"Bearer {gateway.key}"} if gateway.key else {}


def _reason(said: str) -> str:
    try:
        found = json.loads(said)["error"]
        return str(found["message"] if isinstance(found, dict) else found)
    except (ValueError, LookupError, TypeError):
        return said.strip()[:200]


PAGES = (Page("/chat", "chat", "talk.html.j2", chat, exported=False),)
POSTS = (Post("/chat/say", _say),)
