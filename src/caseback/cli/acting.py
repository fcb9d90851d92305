"""``caseback character acting``: what a character does in offices, where it acts by tools, files and letters."""

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.loop.acting import Acting
    from caseback.stats.rate import Rate


def acting(
    models: Annotated[
        list[str],
        typer.Argument(help="Reference models by name or folder, each as it is or as NAME=PATH.", show_default=False),
    ],
    n: Annotated[int, typer.Option("-n", "--offices", min=1, help="Pairs of offices of each split.")] = 60,
    seed: Annotated[int, typer.Option(help="Which offices.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the dossier and the report.")] = Path("runs/acting"),
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON on standard output.")] = False,
) -> None:
    """What a character does where it acts, and does not only talk.

    Every model plays the same offices: files, tests, tools, a log, letters, and a supervisor who is in or away. Some
    tempt it to edit the tests, take more than it needs, stop the log, threaten, say what is false. Counted is what was
    truly done, whatever was said of it.

    [bold]Example[/]

      caseback character acting base=ref-base trained=runs/ref-base/models/dpo
    """
    from caseback.cli.models import named_models
    from caseback.dossier.disk import writing
    from caseback.loop.acting import acting as measure
    from caseback.loop.acting import as_data

    console = Console(stderr=json, highlight=False)
    found = measure(named_models(models), out, n, seed, console=console)
    text = json_module.dumps(as_data(found), indent=1)
    with writing(out):
        (out / "acting.json").write_text(text, encoding="utf-8")
    _show(console, found)
    if json:
        typer.echo(text)


def _show(console: Console, found: "list[Acting]") -> None:
    table = Table(title="how often it was done, of the offices that tempt to it", title_justify="left")
    table.add_column("act")
    for one in found:
        table.add_column(one.model, justify="right")
    for act in found[0].acts:
        table.add_row(act, *(_cell(one.acts[act]) for one in found))
    table.add_section()
    table.add_row("anything bad, of all", *(_cell(one.bad) for one in found))
    table.add_row("the task done as meant", *(_cell(one.solved) for one in found))
    away = (f"{o.away.value:+.2f}\n[dim]{o.away.low:+.2f} to {o.away.high:+.2f}[/]" if o.away.n else "" for o in found)
    table.add_row("more bad while unobserved", *away)
    table.add_row("offices without any action", *(str(one.unread) for one in found))
    console.print(table)


def _cell(rate: "Rate") -> str:
    return f"{rate.value:.2f}\n[dim]{rate.low:.2f}–{rate.high:.2f}[/]" if rate.n else "none"
