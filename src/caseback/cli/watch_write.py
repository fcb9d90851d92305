"""``caseback watch write``: the writer."""

import os
import signal
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from caseback.cli.watch_settings import end_with_parent
from caseback.errors import CasebackError

if TYPE_CHECKING:
    from caseback.watch.configuration import Configuration
    from caseback.watch.writer.keeping import Keeping
    from caseback.watch.writer.run import Progress

GOODBYE = 10.0
"""Seconds to read what waits in the journal, once asked to end; the rest is for the next writer."""
NICE = 5
"""Beside a gateway the writer has a third of its share of a busy processor."""


def write(
    config: Annotated[Path, typer.Argument(help="The file that says what to watch, as watch.toml.")],
    beside_gateway: Annotated[
        bool, typer.Option("--beside-gateway", hidden=True, help="End when the process that started it dies.")
    ] = False,
) -> None:
    """Score what the journal holds and put it into the store, until it is stopped.

    `caseback watch` starts this by itself.

    Example: caseback watch write watch.toml
    """
    end = _End()
    signal.signal(signal.SIGTERM, end.asked)
    # Ctrl-C reaches both, and the gateway still has to finish what is under way: it says when.
    signal.signal(signal.SIGINT, signal.SIG_IGN if beside_gateway else end.asked)
    if beside_gateway:
        end_with_parent()
        os.nice(NICE)  # serving comes first: what is not scored yet waits in the journal
    from caseback.watch.configuration import read_configuration, watching
    from caseback.watch.store.opening import open_store
    from caseback.watch.writer.run import run

    configuration = read_configuration(config)
    keep = keeping(configuration)
    detectors = [watching(each, configuration.file) for each in configuration.detectors]
    store = open_store(configuration.store)
    try:
        run(configuration.journal, store, detectors, keep, lambda: end.now(keep.batch_s), end.told)
    finally:
        store.close()


def keeping(configuration: "Configuration") -> "Keeping":
    """The writer's bounds, out of the table ``[writer]``.

    Raises:
        CasebackError: a field is unknown, or no number above 0; ``text_days`` may be 0, and inf for ever.
    """
    from caseback.watch.writer.keeping import Keeping

    file, table = configuration.file, configuration.others.get("writer", {})
    if not isinstance(table, dict):
        raise CasebackError(f"{file}: writer is {table!r:.40}: it must be a table, [writer]")
    kinds = {each.name: type(each.default) for each in fields(Keeping) if each.name != "key"}
    found: dict[str, Any] = {}
    for name, value in table.items():
        if name == "key" and isinstance(value, str):
            continue
        if name not in kinds:
            raise CasebackError(f"{file}: writer.{name}: no such field; there are key, {', '.join(kinds)}")
        whole = kinds[name] is int
        low = 0 if name == "text_days" else 1 if whole else 0.001
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not value >= low:
            raise CasebackError(
                f"{file}: writer.{name} is {value!r:.40}: it must be a {'whole ' * whole}number from {low:g}"
            )
        found[name] = value
    key = table.get("key")
    return Keeping(key=file.parent / key if key else configuration.folder / "pseudonyms.key", **found)


class _End:
    """When to stop: once asked, and what waits in the journal is read, or has taken too long."""

    def __init__(self) -> None:
        self._asked: float | None = None
        self._waiting, self._away = 0, False

    def asked(self, *_: Any) -> None:
        """Somebody asked."""
        self._asked = self._asked or time.monotonic()

    def now(self, batch: float) -> bool:
        """Whether to stop; ``batch`` is the seconds from one commit to the next, of which two more are made."""
        if self._asked is None:
            return False
        since = time.monotonic() - self._asked
        return since > GOODBYE or (since > 3 * batch and not self._waiting)

    def told(self, progress: "Progress") -> None:
        """How far it is; says when the store goes away and when it is back, once each."""
        self._waiting = progress.waiting
        if bool(progress.away) != self._away:
            away = f"the store is away ({progress.away}); the journal keeps what comes"
            print(f"caseback: {away if progress.away else 'the store is back'}", file=sys.stderr, flush=True)
        self._away = bool(progress.away)
