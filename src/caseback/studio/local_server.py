"""A server for one page on this machine, which no other page can drive.

It listens on 127.0.0.1 only. Its address holds a random token, so a page that does not know it finds nothing. Requests
whose ``Host`` is another name (a foreign name made to point here) or whose ``Origin`` is another page are refused, and
what is sent must call itself JSON, which a browser lets no other page do unasked.

Connections are handled in threads, but the work is done by one: ``work`` takes it from a queue in order. Run in the
main thread, it is what Ctrl-C interrupts.
"""

import json
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Full, Queue
from typing import Any

from caseback.errors import CasebackError

BODY = 1 << 18
"""Most bytes of a request."""
WAITING = 8
"""Requests that may wait for their turn."""
SECONDS = 30.0
"""For a client to send its request."""
GOODBYE = 3.0
"""Seconds at the end for those who still wait to be told so."""
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True)
class Page:
    """A page and the policy that says what it may load."""

    html: str
    policy: str


@dataclass
class Served:
    """What is served, and the work that waits.

    Attributes:
        page: Under the token.
        known: Plain data, by the name they are asked for by.
        posts: What is done with posted JSON, by name. Each runs alone; a CasebackError is the sender's fault.
        token: The secret part of the address.
        jobs: Work to do, in order; None ends it.
        answering: Threads that owe a client an answer.
        closed: Nothing more is taken.
    """

    page: Page
    known: Mapping[str, Any]
    posts: Mapping[str, Callable[[Any], Any]]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    jobs: Queue[tuple[Future[Any], Callable[[Any], Any], Any] | None] = field(default_factory=lambda: Queue(WAITING))
    answering: set[threading.Thread] = field(default_factory=set)
    closed: bool = False


def work(served: Served) -> None:
    """Does what is asked, one thing after the other, until it is stopped or interrupted."""
    while (job := served.jobs.get()) is not None:
        future, run, given = job
        if not future.set_running_or_notify_cancel():
            continue
        try:
            future.set_result(run(given))
        except Exception as error:  # one request that fails must not end the others
            future.set_exception(error)
        except BaseException:
            future.set_exception(CancelledError())
            raise


@contextmanager
def listening(served: Served, port: int = 0) -> Iterator[str]:
    """Listens within the block and yields the address. At its end what still waits is told so, and the port is free.

    Raises:
        CasebackError: the port is taken, or may not be used.
    """
    try:
        server = _Server(("127.0.0.1", port), _handler(served))
    except (OSError, OverflowError) as error:
        raise CasebackError(
            f"cannot listen on port {port} ({getattr(error, 'strerror', None) or error}): name another, or 0 for a "
            "free one (--port)"
        ) from None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/{served.token}/"
    finally:
        served.closed = True
        server.shutdown()
        thread.join()
        server.server_close()
        _dismiss(served)


def _dismiss(served: Served) -> None:
    """Tells those who wait that it is over, and gives them a moment to hear it."""
    end = time.monotonic() + GOODBYE
    while not served.jobs.empty():
        with suppress(Empty):
            job = served.jobs.get_nowait()
            if job is not None:
                job[0].cancel()
    for thread in list(served.answering):
        thread.join(max(0.0, end - time.monotonic()))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Threads of clients that hang must not keep the process from ending.
    block_on_close = False


class _RefusedError(Exception):
    """Ends a request with a status and a reason."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


def _handler(served: Served) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version, timeout = "caseback", "", SECONDS

        def do_GET(self) -> None:
            self._answered(lambda: self._got(self._name()))

        def do_POST(self) -> None:
            self._answered(lambda: self._posted(self._name()))

        def _answered(self, answer: Callable[[], Any]) -> None:
            served.answering.add(threading.current_thread())
            try:
                self._answer(answer)
            finally:
                served.answering.discard(threading.current_thread())

        def _answer(self, answer: Callable[[], Any]) -> None:
            try:
                found = answer()
            except _RefusedError as refused:
                self.send_error(refused.status, str(refused))
                return
            except TimeoutError:
                self.send_error(HTTPStatus.REQUEST_TIMEOUT, "the request was not sent in time")
                return
            if isinstance(found, Page):
                self._send(HTTPStatus.OK, "text/html; charset=utf-8", found.html, found.policy)
            else:
                self._send(HTTPStatus.OK, "application/json", _json(found))

        def _name(self) -> str:
            """What is asked for, once it is certain who asks."""
            port = self.server.server_address[1]  # type: ignore[index]
            here = [f"127.0.0.1:{port}", f"localhost:{port}"]
            if (self.headers.get_all("Host") or [""])[0] not in here or len(self.headers.get_all("Host") or []) > 1:
                raise _RefusedError(HTTPStatus.FORBIDDEN, "asked for under a foreign name (Host)")
            if any(origin not in [f"http://{name}" for name in here] for origin in self.headers.get_all("Origin", [])):
                raise _RefusedError(HTTPStatus.FORBIDDEN, "asked for by another page (Origin)")
            token, slash, name = self.path.removeprefix("/").partition("/")
            if not slash or not secrets.compare_digest(token.encode(), served.token.encode()):
                raise _RefusedError(HTTPStatus.NOT_FOUND, "nothing here: use the address that was printed, all of it")
            return name

        def _got(self, name: str) -> Any:
            if name == "":
                return served.page
            if name not in served.known:
                raise _RefusedError(HTTPStatus.NOT_FOUND, "no such thing")
            return served.known[name]

        def _posted(self, name: str) -> Any:
            if name not in served.posts:
                raise _RefusedError(HTTPStatus.NOT_FOUND, "no such thing")
            given, done = self._body(), Future[Any]()
            try:
                served.jobs.put_nowait((done, served.posts[name], given))
                if served.closed:  # looked at last, so that nothing is put there unseen
                    done.cancel()
            except Full:
                raise _RefusedError(
                    HTTPStatus.SERVICE_UNAVAILABLE, f"{WAITING} requests are waiting already: try again later"
                ) from None
            try:
                return done.result()
            except CasebackError as error:
                raise _RefusedError(HTTPStatus.BAD_REQUEST, str(error)) from None
            except CancelledError:
                raise _RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "stopped") from None
            except Exception as error:
                why = f"{type(error).__name__}: {error}"
                raise _RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, why) from None

        def _body(self) -> Any:
            if self.headers.get_content_type() != "application/json":
                raise _RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json")
            length = self.headers.get("Content-Length", "")
            if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdecimal()):
                raise _RefusedError(HTTPStatus.LENGTH_REQUIRED, "say how long the request is (Content-Length)")
            if len(length) > 9 or int(length) > BODY:
                raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a request has at most {BODY} bytes")
            raw = self.rfile.read(int(length))
            if len(raw) < int(length):
                raise _RefusedError(HTTPStatus.BAD_REQUEST, "the request was cut off")
            try:
                return json.loads(raw, parse_constant=_no_number)
            except (ValueError, RecursionError) as error:
                raise _RefusedError(HTTPStatus.BAD_REQUEST, f"not JSON: {error}") from None

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
            """Every refusal is JSON, those of the standard library among them."""
            self._send(code, "application/json", _json({"error": message or HTTPStatus(code).phrase}))

        def _send(self, status: int, kind: str, text: str, policy: str = "default-src 'none'") -> None:
            content = text.encode("utf-8", "backslashreplace")
            self.close_connection = True
            try:
                self.send_response(status)
                for name, value in {**HEADERS, "Content-Security-Policy": policy, "Connection": "close"}.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)
                self._drain()
            except OSError:
                pass  # the client is gone

        def _drain(self) -> None:
            """Read what is left of a refused request: closing over it would take the answer away from the client."""
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(1.0)
            for _ in range(64):
                if not self.connection.recv(1 << 16):
                    return

        def log_message(self, format: str, *args: Any) -> None:
            """The person sees the page; a log of it would only hide what matters."""

    return Handler


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
