"""Headers: which of them travel on, and what they say of a request."""

import re
from collections.abc import Iterable

from caseback.watch.gateway.refused import RefusedError

Headers = Iterable[tuple[bytes, bytes]]
HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
     b"trailer", b"transfer-encoding", b"upgrade")
)  # fmt: skip
"""Of one connection alone (RFC 9110, 7.6.1)."""
OURS = HOP | {
    b"host", b"content-length", b"expect", b"accept-encoding", b"authorization", b"api-key", b"x-api-key", b"cookie",
    b"origin", b"referer", b"x-request-id", b"x-caseback-agent", b"x-forwarded-for", b"forwarded",
}  # fmt: skip
"""Of a request, not passed on: the client's key among them. An upstream that compressed could not be read."""
THEIRS = HOP | {b"content-length", b"content-encoding", b"date", b"server", b"x-request-id", b"set-cookie"}
"""Of an answer, not passed back as they are."""
ONCE = frozenset((b"authorization", b"traceparent", b"x-caseback-agent", b"content-type", b"origin", b"host"))
TRACE = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")
AGENT = 100
"""Characters of an agent's name that are kept."""


def single(headers: Headers) -> dict[bytes, bytes]:
    """Headers by name.

    Raises:
        RefusedError: one that may stand once stands twice, so that two readers could understand it differently.
    """
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in found and name in ONCE:
            raise RefusedError(400, "duplicate_header", f"{name.decode('latin-1')} was sent twice: send it once")
        found[name] = value
    return found


def onward(headers: Headers, connection: bytes | None) -> list[tuple[str, str]]:
    """What an upstream gets of a request's headers; ``connection`` is the value of that header."""
    named = {each.strip().lower() for each in connection.split(b",")} if connection else ()
    return [
        (name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))
        for name, value in headers
        if name not in OURS and name not in named
    ]


def back(headers: Headers) -> list[tuple[bytes, bytes]]:
    """What the client gets of an answer's headers."""
    kept = [(name.lower(), value) for name, value in headers]
    named = {each.strip().lower() for name, value in kept if name == b"connection" for each in value.split(b",")}
    return [(name, value) for name, value in kept if name not in THEIRS and name not in named]


def trace_id(traceparent: bytes | None) -> str:
    """The trace id of W3C Trace Context; empty where there is none that is well formed."""
    match = TRACE.fullmatch(traceparent) if traceparent else None
    return match[1].decode() if match and match[1].strip(b"0") else ""


def agent_name(given: bytes | None) -> str:
    """As it was sent, where it is text that can be shown."""
    name = given.decode("utf-8", "replace")[:AGENT] if given else ""
    return name if name.isprintable() else ""
