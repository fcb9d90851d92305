"""A request, taken in within the limits."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from caseback.watch.configuration import Limits
from caseback.watch.gateway.refused import ClientLeftError, RefusedError

Receive = Callable[[], Awaitable[Any]]


class _Head(msgspec.Struct):
    """What the gateway itself looks at; the rest is for whoever answers."""

    messages: list[msgspec.Raw] = []
    n: int | None = None


HEAD = msgspec.json.Decoder(_Head)


async def body_of(receive: Receive, headers: Mapping[bytes, bytes], limits: Limits) -> bytes:
    """All of the body.

    Raises:
        RefusedError: it is too large; where it says so itself, it is not read.
        ClientLeftError: it was cut off.
    """
    said = headers.get(b"content-length", b"")
    if said.isdigit() and int(said) > limits.body_bytes:
        raise _too_large(limits)
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        only: bytes = message.get("body", b"")
        if len(only) > limits.body_bytes:
            raise _too_large(limits)
        return only
    parts, size = [], 0
    while True:
        if message["type"] != "http.request":
            raise ClientLeftError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limits.body_bytes:
            raise _too_large(limits, (b"connection", b"close"))
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()


def checked(body: bytes, limits: Limits, single: bool) -> None:
    """Looks at the body as far as the gateway must. What has another shape than it knows is for whoever answers.

    ``single`` says that one reply alone may be asked for, since each is read before it leaves.

    Raises:
        RefusedError: it is no JSON, has too many messages, or asks for several replies where it must not.
    """
    try:
        head = _head(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(400, "invalid_json", f"the body is no JSON object ({error})") from None
    if head is None:
        if single:
            raise RefusedError(400, "invalid_request", "messages must be a list and n a number: replies are read here")
        return
    if len(head.messages) > limits.messages:
        raise RefusedError(400, "too_many_messages", f"{len(head.messages)} messages; {limits.messages} are allowed")
    if single and head.n not in (None, 1):
        raise RefusedError(400, "one_reply_only", "n must be 1: each reply is read before it is sent")


def _head(body: bytes) -> _Head | None:
    """None where it is an object of another shape."""
    try:
        return HEAD.decode(body)
    except msgspec.ValidationError:
        msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        return None


def _too_large(limits: Limits, *headers: tuple[bytes, bytes]) -> RefusedError:
    return RefusedError(413, "request_too_large", f"a request may have {limits.body_bytes} bytes", *headers)
