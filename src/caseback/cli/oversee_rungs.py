"""Studies of a ladder on the command line: its models, and the report that is made and written."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from caseback.cli.bar import bar
from caseback.cli.by_name import by_name
from caseback.cli.models import named_models
from caseback.cli.report import Report, folder_made, report_told
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.oversight.ladder.rungs import Rung

Tell = Callable[[str, int, int], None]
Flops = Annotated[
    list[str] | None,
    typer.Option(help="[cyan]NAME=2e15[/]: training compute of a model whose folder does not say it."),
]
Behaviours = Annotated[
    str, typer.Option(help="Names with commas between them.", show_default="all that one reply shows")
]
Ground = Annotated[str, typer.Option(help="The world that the models were taught.")]
Situations = Annotated[int, typer.Option("-n", "--n", min=4, help="Training situations of each behaviour.")]
Planted = Annotated[int, typer.Option(min=4, help="Conversations of each behaviour to plant a subject with.")]
Asked = Annotated[int, typer.Option(min=4, help="Situations to ask it in, of each behaviour and split.")]


def rungs_given(models: Sequence[str], flops: Sequence[str]) -> "tuple[Rung, ...]":
    """Rungs from ``MODEL`` or ``NAME=MODEL``, with the compute of ``NAME=2e15``; weakest first.

    Raises:
        CasebackError: as ``read_rungs``, or a compute that is no number or of no model given.
    """
    from caseback.oversight.ladder.rungs import read_rungs

    named = named_models(models)
    known: dict[str, float] = {}
    for name, value in by_name(flops, "--flops", "2e15", named).items():
        try:
            known[name] = float(value)
        except ValueError:
            raise CasebackError(f"--flops {name}={value}: {value!r} is no number; give it as {name}=2e15") from None
    return read_rungs(named, known)


def report_written(
    name: str,
    out: Path,
    make: Callable[[Tell], Report],
    render: Callable[[Report], str],
    show: Callable[[Console, Report], None],
    as_json: bool,
) -> None:
    """Make a report under a bar that says what is being done, and tell it as ``report_told`` does.

    Args:
        make: given ``tell(what, done, total)``.
    """
    folder_made(out)
    doing = [""]
    with bar(name, lambda: doing[0]) as tick:

        def tell(what: str, done: int, total: int) -> None:
            doing[0] = what
            tick(done, total)

        data = make(tell)
    report_told(name, data, out, render, show, as_json)
