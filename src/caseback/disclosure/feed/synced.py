"""A subscription that was synced, open for reading: never made by looking for it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caseback.disclosure.feed.store import last_head, opened_store
from caseback.disclosure.feed.subscription import Subscription, read_subscription
from caseback.errors import CasebackError


@contextmanager
def synced(folder: Path) -> Iterator[tuple[Subscription, sqlite3.Connection]]:
    """The subscription in a folder, and its store.

    Raises:
        CasebackError: there is none, or it was never synced.
    """
    subscription = read_subscription(folder)
    with opened_store(folder) as store:
        if last_head(store) is None:
            raise CasebackError(f"{folder} was never synced: run `caseback feed sync {folder}`")
        yield subscription, store
