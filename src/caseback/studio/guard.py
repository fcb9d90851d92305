"""What stands before every page: who may ask under which name, how much, and what a browser may do with the answer."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caseback.studio.refusal import refusal

BODY = 1 << 18
"""Most bytes of a request."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # With no-referrer a browser would not say from which page a form comes.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True)
class Hosts:
    """Under which names the studio may be asked for.

    Attributes:
        names: Host names, as ``Host`` has them without the port.
        addresses: Whether any address may be: a foreign name made to point here is none.
    """

    names: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    addresses: bool = False

    def allow(self, host: str) -> bool:
        """Whether this ``Host`` is one of them, with whatever port."""
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() and not host.endswith("]") else host
        return name.lower() in self.names or (self.addresses and _is_address(name.strip("[]")))


class Guard:
    """Refuses what comes under a foreign name, from another page, or is too large; sets the headers of every answer."""

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        problem = self._problem(Headers(scope=scope), scope["scheme"])
        if problem:
            await refusal(scope, *problem)(scope, receive, with_headers)
            return
        await self.app(scope, limited(receive), with_headers)

    def _problem(self, headers: Headers, scheme: str) -> tuple[HTTPStatus, str] | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self.hosts.allow(hosts[0]):
            return HTTPStatus.MISDIRECTED_REQUEST, "Asked for under a foreign name (Host): use the address printed."
        if any(origin not in _origins(hosts[0], scheme) for origin in headers.getlist("origin")):
            return HTTPStatus.FORBIDDEN, "Asked for by another page (Origin)."
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > 12:
            return HTTPStatus.BAD_REQUEST, "Content-Length is no number."
        if int(length) > BODY:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A request has at most {BODY >> 10} KiB."
        return None


class TooLargeError(Exception):
    """More was sent than a request may have."""


def limited(receive: Receive) -> Receive:
    """The same, up to as many bytes as a request may have: one without a length ends there, too."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > BODY:
            raise TooLargeError
        return message

    return counted


def _origins(host: str, scheme: str) -> Sequence[str]:
    return f"{scheme}://{host}", f"https://{host}"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
