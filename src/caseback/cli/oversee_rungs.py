"""Studies of a ladder on the command line: its models, and the report that is made and written."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from caseback.cli.bar import bar
from caseback.cli.models import named_models
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.oversight.ladder.rungs import Rung

Tell = Callable[[str, int, int], None]


def rungs_given(models: Sequence[str], flops: Sequence[str]) -> "tuple[Rung, ...]":
    """Rungs from ``MODEL`` or ``NAME=MODEL``, with the compute of ``NAME=2e15``; weakest first.

    Raises:
        CasebackError: as ``read_rungs``, or a compute that is no number or of no model given.
    """
    from caseback.oversight.ladder.rungs import read_rungs

    named = named_models(models)
    known: dict[str, float] = {}
    for one in flops:
        name, _, value = one.partition("=")
        if name not in named:
            raise CasebackError(f"--flops {one}: there is no model {name!r} here, only {', '.join(named)}")
        try:
            known[name] = float(value)
        except ValueError:
            raise CasebackError(f"--flops {one}: {value!r} is no number; give it as {name}=2e15") from None
    return read_rungs(named, known)


def report_written(
    name: str,
    out: Path,
    make: Callable[[Tell], dict[str, Any]],
    render: Callable[[dict[str, Any]], str],
    show: Callable[[Console, dict[str, Any]], None],
    as_json: bool,
) -> None:
    """Make a report under a bar, write it to ``out`` as ``name``.json and its page beside, and print either.

    Args:
        make: given ``tell(what, done, total)``.
    """
    from caseback.dossier.disk import writing
    from caseback.dossier.measure import write_text

    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    doing = [""]
    with bar(name, lambda: doing[0]) as tick:

        def tell(what: str, done: int, total: int) -> None:
            doing[0] = what
            tick(done, total)

        data = make(tell)
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    write_text(out / f"{name}.json", text + "\n")
    write_text(out / f"{name}.html", render(data))
    if as_json:
        typer.echo(text)
        return
    show(Console(highlight=False), data)
    typer.echo(f"page  {out / f'{name}.html'}")
