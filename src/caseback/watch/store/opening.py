"""Opening a store by where it is."""

from pathlib import Path

from caseback.errors import CasebackError
from caseback.watch.store.postgres import PostgresStore
from caseback.watch.store.sqlite import SQLiteStore
from caseback.watch.store.store import Store, StoreAwayError
from caseback.watch.store.tables import make_tables

POSTGRES = ("postgresql://", "postgres://")


def open_store(where: str | Path, *, make: bool = True) -> Store:
    """A connection to the store, made with its tables where there is none yet.

    Args:
        where: Path of an SQLite file; a folder, which has it as ``store.sqlite``; or ``postgresql://user@host/name``.
        make: Whether to make it. Without, a store that is not there is an error, and nothing is written.

    Raises:
        CasebackError: it cannot be opened, or is none.
    """
    store: Store
    if str(where).startswith(POSTGRES):
        store = PostgresStore(str(where))
    else:
        path = Path(where)
        store = SQLiteStore(path if path.suffix and not path.is_dir() else path / "store.sqlite", make)
    try:
        if make:
            make_tables(store)
        else:
            _look(store)
    except BaseException:
        store.close()
        raise
    return store


def _look(store: Store) -> None:
    try:
        store.query("SELECT number FROM exchanges LIMIT 1")
    except StoreAwayError:
        raise
    except CasebackError:
        raise CasebackError(f"{store.where}: no store of the watch; begin one with `caseback watch`") from None
