"""Feeds to test with, on a disk and on a server of their own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from caseback.disclosure.feed.published import new_feed, publish
from caseback.disclosure.feed.store import listed, opened_store
from caseback.disclosure.feed.subscription import Subscription, subscribe
from disclosure.bundle.making import KEY, START, bare


def feed_of(folder: Path, *numbers: int) -> Path:
    """A feed with advisories of these numbers."""
    new_feed(folder, "Example Lab", KEY)
    put(folder, *numbers)
    return folder


def put(folder: Path, *numbers: int, **changes: Any) -> None:
    if numbers:
        publish(folder, [bare(id=f"LAB-2026-{n:04}", **changes) for n in numbers], KEY, START)


def following(folder: Path, *addresses: Path | str, **more: Any) -> Subscription:
    return subscribe(folder, list(map(str, addresses)), at=START, **more)


def ids(subscription: Subscription) -> list[str]:
    with opened_store(subscription.folder) as store:
        return [each.id for each in listed(store)]


def state(subscription: Subscription) -> list[tuple[Any, ...]]:
    """All that a reader can see, to compare before and after."""
    with opened_store(subscription.folder) as store:
        tables = ("log", "head", "advisories", "models", "refused")
        return [tuple(store.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()) for name in tables]


class Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def served(folder: Path, handler: type[SimpleHTTPRequestHandler] = Quiet) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that hang up are part of the tests
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
