"""A progress bar with the time left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


@contextmanager
def bar(
    title: str, beside: Callable[[], object] = str, *, hidden: bool = False
) -> Iterator[Callable[[int, int], None]]:
    """Gives ``tick(done, total)``; what ``beside`` returns stands after the title, anew at each tick. ``hidden``, it
    shows nothing.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=hidden) as progress:
        task = progress.add_task(title, total=None)

        def tick(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, description=f"{title} {beside()}".rstrip())

        yield tick
