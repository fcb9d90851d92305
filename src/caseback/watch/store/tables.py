"""The store's tables, for either kind of SQL."""

import re
from importlib.resources import files

from caseback.watch.store.store import Store


def make_tables(store: Store) -> None:
    """Makes the tables that are not there yet."""
    store.script(files("caseback.watch.store").joinpath("schema.sql").read_text(encoding="utf-8"))


def for_sqlite(sql: str) -> str:
    """A schema as SQLite wants it: a primary key of BIGINT is its row number, which it only knows as INTEGER."""
    return re.sub(r"/\*sqlite (.*?)\*/", r"\1", sql).replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY")


def for_postgres(sql: str) -> str:
    """A statement with ``?`` as psycopg wants it."""
    return sql.replace("%", "%%").replace("?", "%s")
