"""The store that a sub-command of ``caseback watch`` reads, and what the watch is told."""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from caseback.cli.watch_settings import FILE, Config
from caseback.errors import CasebackError

if TYPE_CHECKING:
    from caseback.watch.configuration import Configuration
    from caseback.watch.store.store import Store
    from caseback.watch.watching import Watching

__all__ = ["Config", "Json", "Stored", "Who", "opened", "printed"]

Stored = Annotated[
    str, typer.Option("--store", help="The store, where no watch.toml says it: a file, or postgresql://…")
]
Who = Annotated[str, typer.Option("--who", help="Your name, as it is kept.", envvar="CASEBACK_WHO")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True)
class Opened:
    """An open store; ``configuration`` is None where only the store was named."""

    store: "Store"
    configuration: "Configuration | None"

    def table(self, name: str) -> Mapping[str, Any]:
        """A table of the configuration that another package reads; empty without."""
        found = self.configuration.others.get(name, {}) if self.configuration else {}
        if not isinstance(found, Mapping):
            raise CasebackError(f"{name} must be a table, [{name}]")
        return found

    def watching(self) -> "list[Watching]":
        """The detectors at work, loaded."""
        from caseback.watch.configuration import watching

        if self.configuration is None:
            return []
        return [watching(each, self.configuration.file) for each in self.configuration.detectors]


@contextmanager
def opened(config: Path | None, store: str) -> Iterator[Opened]:
    """Opens the store, with the tables of rates, alerts and incidents.

    Raises:
        CasebackError: both were given, or there is no store yet.
    """
    from caseback.watch.alerts.round import make_tables
    from caseback.watch.configuration import read_configuration
    from caseback.watch.store.opening import open_store

    if config and store:
        raise CasebackError("give either --config or --store: one of them says where the store is")
    configuration = None if store else read_configuration(config or FILE)
    where = store or (configuration.store if configuration else "")
    base = open_store(where, make=False)
    try:
        make_tables(base)
        yield Opened(base, configuration)
    finally:
        base.close()


def printed(data: Any) -> None:
    """Prints JSON; what is not finite is null there."""
    typer.echo(json.dumps(_finite(data), indent=1, ensure_ascii=False, allow_nan=False))


def _finite(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {name: _finite(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
