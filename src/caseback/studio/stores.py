"""Live stores: those named, and those that lie in the folder; opened once, and shared by all who ask."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from caseback.errors import CasebackError
from caseback.studio.errors import AbsentError
from caseback.watch.alerts.tables import make_tables as make_alerts
from caseback.watch.incidents.tables import make_tables as make_incidents
from caseback.watch.rates.tables import make_tables as make_rates
from caseback.watch.store.opening import POSTGRES, open_store
from caseback.watch.store.postgres import without_password
from caseback.watch.store.store import Store, StoreAwayError

HEADER = b"SQLite format 3\x00"
NAMES, ENDS = {"store"}, (".sqlite", ".db")
"""How the file of a store may be called."""
DEEPEST = 4
"""Folders below the one that is searched."""
TABLES = {"audit_draws": make_rates, "alerts": make_alerts, "incidents": make_incidents}
"""A table that pages read, and what makes it with those beside it."""


@dataclass(frozen=True)
class Stores:
    """Where live stores are, by name: ``named`` as told, ``opened`` those that were asked for; and what was ``made`` of
    them a moment ago."""

    named: Mapping[str, str] = field(default_factory=dict)
    opened: dict[str, Store] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    made: dict[tuple[Any, ...], tuple[float, Any]] = field(default_factory=dict)

    def recent(self, what: tuple[Any, ...], seconds: float, make: Callable[[], Any]) -> Any:
        """What ``make`` gives, or gave within so many seconds: rates over all exchanges take a while."""
        now = time.monotonic()
        with self.lock:
            for old in [key for key, (when, _) in self.made.items() if now - when >= seconds]:
                del self.made[old]
            if what in self.made:
                return self.made[what][1]
        found = make()
        with self.lock:
            self.made[what] = (time.monotonic(), found)
        return found

    def where(self, folder: Path) -> dict[str, str]:
        """Every store by its name: its path, or its address."""
        return {**_in_folder(folder), **self.named}

    def open(self, folder: Path, name: str) -> Store:
        """The store of this name. Written is nothing but the tables of rates, alerts and incidents that are lacking.

        Raises:
            AbsentError: there is none.
            CasebackError: it cannot be opened.
        """
        there = self.where(folder)
        if name not in there:
            raise AbsentError(f"no live store called {name!r:.80} here")
        with self.lock:
            if there[name] not in self.opened:
                store = open_store(there[name], make=False)
                _complete(store)
                self.opened[there[name]] = store
            return self.opened[there[name]]


def named_stores(given: list[str]) -> dict[str, str]:
    """Stores as told on the command line: an address or a path, or NAME= before it.

    Raises:
        CasebackError: two have one name.
    """
    made: dict[str, str] = {}
    for each in given:
        name, mark, where = each.partition("=")
        if not mark or "/" in name or ":" in name:
            shown = without_password(each).partition("://")[2].partition("/")[2] if each.startswith(POSTGRES) else each
            name, where = Path(shown).stem or "store", each
        if name in made:
            raise CasebackError(f"two stores are called {name}: give one as NAME={where}")
        made[name] = where
    return made


def _complete(store: Store) -> None:
    for table, make in TABLES.items():
        try:
            store.query(f"SELECT 1 FROM {table} LIMIT 1")
        except StoreAwayError:
            raise
        except CasebackError:
            make(store)


def _in_folder(folder: Path) -> dict[str, str]:
    found = {}
    for place, folders, names in os.walk(folder):
        here = Path(place)
        if len(here.relative_to(folder).parts) >= DEEPEST:
            folders.clear()
        for name in names:
            if (name in NAMES or name.endswith(ENDS)) and _is_store(here / name):
                parts = list((here / name).relative_to(folder).with_suffix("").parts)
                while len(parts) > 1 and parts[-1] == "store":  # as the watch calls what lies in its folder
                    parts.pop()
                found["~".join(parts)] = str(here / name)
    return dict(sorted(found.items()))


def _is_store(path: Path) -> bool:
    """Whether it is an SQLite file with the tables of a store. Nothing is written."""
    try:
        with path.open("rb") as file:
            if file.read(len(HEADER)) != HEADER:
                return False
        base = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1.0)
    except (OSError, sqlite3.Error):
        return False
    try:
        rows = base.execute("SELECT name FROM sqlite_master WHERE name IN ('exchanges', 'token_scores')").fetchall()
    except sqlite3.Error:
        return False
    finally:
        base.close()
    return len(rows) == 2
