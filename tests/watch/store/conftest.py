"""A store of either kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from caseback.watch.store.store import Store
from watch_stores_for_tests import empty_store, server

__all__ = ["server", "store"]


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store: of SQLite, and of PostgreSQL."""
    with empty_store(request, tmp_path) as made:
        yield made
