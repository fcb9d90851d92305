"""Serves: the socket, the server, its timers, and its end in order."""

import asyncio
import logging
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn

from caseback.errors import CasebackError
from caseback.watch.configuration import Configuration, watching
from caseback.watch.gateway.answer import Answers
from caseback.watch.gateway.app import Gateway
from caseback.watch.gateway.beside import keep_rounds, keep_writer
from caseback.watch.gateway.clients import HOSTS, Clients
from caseback.watch.gateway.protocol import JoinedProtocol
from caseback.watch.gateway.records import Records
from caseback.watch.gateway.upstream import Upstream
from caseback.watch.journal import Journal

BEAT, SWEEP = 1.0, 0.25
"""Seconds between beats, and between looks for exchanges that take too long."""
BACKLOG = 2048


def listening(configuration: Configuration) -> socket.socket:
    """The socket, bound.

    Raises:
        CasebackError: it cannot listen there, or would be open to others without keys.
    """
    host, port, file = configuration.host, configuration.port, configuration.file
    if configuration.keys is None and host not in HOSTS:
        raise CasebackError(
            f"{file}: listen is {host}:{port}, where others may come, and there are no keys: make one with `caseback "
            "watch keys new NAME`, or listen on 127.0.0.1"
        )
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if configuration.share_port:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if hasattr(
            socket, "TCP_USER_TIMEOUT"
        ):  # a client that takes nothing loses its connection, and the memory it holds
            wait = int(configuration.limits.idle_seconds * 1e3)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, wait)
        made.bind(address)
        made.listen(BACKLOG)
    except OSError as error:
        raise CasebackError(
            f"{file}: listen is {host}:{port}: cannot listen there ({error.strerror}); name another port, or 0 for a "
            "free one"
        ) from None
    made.setblocking(False)
    return made


def upstream_key(configuration: Configuration) -> str:
    """The key for the upstream, out of the environment.

    Raises:
        CasebackError: it is not there.
    """
    name = configuration.upstream_key
    if name and not os.environ.get(name):
        raise CasebackError(f"{configuration.file}: upstream_key is {name!r}: set that environment variable to the key")
    return os.environ[name] if name else ""


async def serve(
    configuration: Configuration,
    ready: Callable[[str], None],
    *,
    writer: bool,
    answers: Answers | None = None,
    serves: str = "",
) -> None:
    """Serves until SIGTERM or SIGINT; then what is under way has ``drain_seconds`` to finish.

    Args:
        configuration: What to watch, and how.
        ready: Called with the address once it listens.
        writer: Whether to start the writer and the rounds, and keep them alive.
        answers: What answers instead of the upstream.
        serves: Digest of the model that this is.

    Raises:
        CasebackError: something in the configuration does not do.
    """
    clients = Clients(configuration.keys)
    inline = [each for each in configuration.detectors if each.policy in ("hold", "stop")]
    loaded = [watching(each, configuration.file) for each in inline]
    text = [each for each in loaded if each.detector.needs == "text"]
    if answers is None and len(text) < len(loaded):
        wrong = next(each for each in loaded if each.detector.needs != "text")
        raise CasebackError(
            f"{configuration.file}: detector {wrong.detector.name} reads activations, and no model is served here: in "
            "front of an upstream only detectors of text can hold or stop a reply"
        )
    key = upstream_key(configuration)
    sock = listening(configuration)
    address = f"http://{_shown(sock)}"
    records = Records(Journal(configuration.journal, secrets.token_hex(8)))
    records.opened(serves or configuration.upstream)
    readers = None
    if text:
        from caseback.watch.gateway.inline import Readers

        readers = Readers(text, configuration.inline)
    try:
        async with _answering(configuration, key, answers) as found:
            gateway = Gateway(configuration, clients, found, records, readers)
            timers = [asyncio.create_task(_beat(records, clients)), asyncio.create_task(_sweep(gateway))]
            if writer:
                timers += [asyncio.create_task(keep(configuration.file)) for keep in (keep_writer, keep_rounds)]
            try:
                await _served(gateway, sock, configuration, lambda: ready(address))
            finally:
                records.close()
                for each in timers:
                    each.cancel()
                await asyncio.gather(*timers, return_exceptions=True)
    finally:
        if readers is not None:
            readers.close()


@asynccontextmanager
async def _answering(configuration: Configuration, key: str, answers: Answers | None) -> AsyncIterator[Answers]:
    if answers is not None:
        yield answers
        return
    async with Upstream(configuration.upstream, key, configuration.limits) as upstream:
        yield upstream


async def _served(
    gateway: Gateway, sock: socket.socket, configuration: Configuration, ready: Callable[[], None]
) -> None:
    server = uvicorn.Server(
        uvicorn.Config(
            gateway,
            http=JoinedProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=max(1, round(configuration.limits.drain_seconds)),
            backlog=BACKLOG,
        )
    )
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    # At its end uvicorn raises the signal that ended it once more, which would be the end of us before we are done.
    before = {each: _quiet(each) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        serving = asyncio.create_task(server.serve(sockets=[sock]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        ready()
        while not serving.done():
            gateway.draining = server.should_exit
            await asyncio.wait((serving,), timeout=0.1)
        await serving
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise
    finally:
        for each, handler in before.items():
            with suppress(ValueError):
                signal.signal(each, handler)


def _quiet(number: int) -> Any:
    try:
        return signal.signal(number, lambda *_: None)
    except ValueError:  # not in the main thread, where there are no signals
        return signal.SIG_DFL


async def _beat(records: Records, clients: Clients) -> None:
    while True:
        records.beat()
        clients.refresh()
        await asyncio.sleep(BEAT)


async def _sweep(gateway: Gateway) -> None:
    while True:
        await asyncio.sleep(SWEEP)
        gateway.sweep()


def _shown(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
