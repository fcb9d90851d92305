"""Fixtures: stores with the tables of rates, alerts and incidents."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
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


@contextmanager
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of the kind that ``request.param`` names."""
    where: Path | str = tmp_path / "store.sqlite"
    if request.param == "postgres":
        where = request.getfixturevalue("server").address
        with closing(open_store(where)) as old:
            old.script("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    with closing(open_store(where)) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store with the tables of rates, alerts and incidents: of SQLite, and of PostgreSQL."""
    with empty_store(request, tmp_path) as made:
        make_tables(made)
        yield made
