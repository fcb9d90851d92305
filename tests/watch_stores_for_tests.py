"""Fixtures: stores with the tables of rates, alerts and incidents."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from caseback.watch.alerts.round import make_tables
from caseback.watch.store.opening import open_store
from caseback.watch.store.store import Store
from postgres_for_tests import Server, postgres


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store: of SQLite, and of PostgreSQL."""
    if request.param == "sqlite":
        made = open_store(tmp_path / "store.sqlite")
    else:
        address = request.getfixturevalue("server").address
        made = open_store(address)
        made.script("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        made.close()
        made = open_store(address)
    make_tables(made)
    yield made
    made.close()
