"""What is said while something is planted, and what is left of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from caseback.cli.organism_table import show_record

if TYPE_CHECKING:
    from caseback.organisms.record import Record


@contextmanager
def telling(title: str) -> Iterator[tuple[Callable[[int, int], None], Callable[[str], None]]]:
    """A bar for the training, and a function that says above it what is done next."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True, highlight=False), transient=True) as bars:
        task = bars.add_task(title, total=None)

        def tick(done: int, total: int) -> None:
            bars.update(task, completed=done, total=total)

        def tell(what: str) -> None:
            bars.console.print(f"  {what}", markup=False, soft_wrap=True)

        yield tick, tell


def end(out: Path, record: "Record") -> None:
    """Write the page and show the record; the exit status is 1 where it is excluded."""
    write_page(out, record)
    show_record(out, record)
    typer.echo(f"page   {out / 'organism.html'}")
    if record["why"]:
        raise typer.Exit(1)


def write_page(out: Path, record: "Record") -> None:
    """``organism.html`` beside the record."""
    from caseback.disclosure.organism_page import render_organism
    from caseback.dossier.measure import write_text

    write_text(out / "organism.html", render_organism(record))
