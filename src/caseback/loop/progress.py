"""What a run says while it works: the stage it is in, how far, and how long the whole will take."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Tick = Callable[[int, int], None]
"""``tick(done, total)``: how far a stage has come."""
PLAINLY = 30.0
"""Seconds between the lines that stand for a moving bar where there is no terminal."""


def plain_lines(console: Console, name: str, left: Callable[[], str] = str) -> Tick:
    """A tick that prints a line now and then where a moving bar cannot be seen, as in a pipe or a log file.

    Args:
        console: where to; on a terminal, and in a notebook, nothing is printed.
        name: of the work.
        left: gives what is said about the time left.
    """
    began = said = time.monotonic()

    def tick(done: int, total: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said < PLAINLY or console.is_terminal or console.is_jupyter:
            return
        said = now
        parts = (f"{done} of {total}", clock(now - began), left())
        console.print(f"  {name}: {', '.join(filter(None, parts))}", highlight=False, soft_wrap=True, markup=False)

    return tick


@dataclass
class Reporter:
    """Prints one line per stage. ``shares`` are the stages' expected parts of the whole time, in any unit.

    The time left is that of the whole run: time spent so far, over the share of the work that it did.
    """

    console: Console
    shares: dict[str, float]
    started: float = field(default_factory=time.monotonic)
    done: float = 0.0
    spent: float = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[Tick]:
        """Show the stage while its work runs, and a line with its time when it is done."""
        share = self.shares.get(name, 0.0)
        begin = time.monotonic()
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[left]}"),
            console=self.console,
            transient=True,
        ) as progress:
            task = progress.add_task(name, total=None, left="")
            in_log = plain_lines(self.console, name, lambda: str(progress.tasks[task].fields["left"]))

            def tick(done: int, total: int) -> None:
                part = share * (done / total if total else 0.0)
                left = self.left(part, time.monotonic() - begin)
                progress.update(task, completed=done, total=total, left=left)
                in_log(done, total)

            yield tick
        seconds = time.monotonic() - begin
        self.done += share
        self.spent += seconds
        self.console.print(f"[green]✓[/] {name} [dim]{clock(seconds)}[/]", highlight=False)

    def skip(self, name: str, why: str = "finished before") -> None:
        """Say that a stage needs no work."""
        self.shares.pop(name, None)
        self.console.print(f"[dim]· {name}: {why}[/]", highlight=False)

    def left(self, part: float, seconds: float) -> str:
        """``about 3:20 left in all``; empty until enough was done to tell (a twentieth of the work)."""
        total = sum(self.shares.values())
        worked = self.done + part
        if total <= 0 or worked < total / 20:
            return ""
        return f"about {clock((self.spent + seconds) * (total - worked) / worked)} left in all"


def clock(seconds: float) -> str:
    """``0:07``, ``3:20``, ``1:02:03``."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
