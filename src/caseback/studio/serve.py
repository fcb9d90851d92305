"""Serving the studio: one process, one port, until it is interrupted."""

import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp

from caseback.errors import CasebackError
from caseback.studio.guard import Hosts

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        CasebackError: the port is taken, or may not be used, or there is no such address here.
    """
    try:
        [family, *_] = next(iter(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(128)
    except (OSError, OverflowError) as error:
        raise CasebackError(
            f"cannot listen on {host}:{port} ({getattr(error, 'strerror', None) or error}): name another --port, or 0 "
            "for a free one, and a --host of this machine"
        ) from None
    return found


def hosts_for(host: str, names: tuple[str, ...] = ()) -> Hosts:
    """Names that a studio listening on ``host`` may be asked for under, those given among them."""
    lower = [name.lower() for name in (*names, *(() if host in LOOPBACK else (host,)))]
    return Hosts((*Hosts().names, *lower), addresses=host not in LOOPBACK)


def address_of(listening: socket.socket, host: str) -> str:
    """What a person opens. For all addresses of a machine it is the one on this machine."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    name = f"[{name}]" if ":" in name else name
    return f"http://{name}:{listening.getsockname()[1]}"


def serve(app: ASGIApp, listening: socket.socket, begun: Callable[[], None]) -> None:
    """Serves until Ctrl-C; ``begun`` is called once it can be asked."""

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            begun()

    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=3
    )
    with suppress(KeyboardInterrupt):  # uvicorn ends in order, and then says once more what ended it
        Server(config).run(sockets=[listening])
