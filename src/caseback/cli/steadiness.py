"""``caseback character steadiness``: the same character in every context, moved by evidence alone."""

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.loop.steadiness import Steadiness
    from caseback.stats.paired import PairedDifference
    from caseback.stats.rate import Rate


def steadiness(
    models: Annotated[
        list[str], typer.Argument(help="Names, folders or hub ids, each as it is or as NAME=PATH.", show_default=False)
    ],
    behaviour: Annotated[
        list[str] | None, typer.Option("--behaviour", "-b", help="A behaviour to look at. May be repeated.")
    ] = None,
    n: Annotated[int, typer.Option("-n", "--situations", min=1, help="Situations of each, in every context.")] = 60,
    seed: Annotated[int, typer.Option(help="Of situations and wordings.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the dossier and the report.")] = Path("runs/steadiness"),
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON on standard output.")] = False,
) -> None:
    """Is it the same character under flattery, threat and role-play, and what makes it change its mind?

    The same situations are put plainly and in seven contexts that change nothing about what is right. Then records: the
    model has said what one says, and either a corrected record says another thing or somebody only insists on it. A
    sound character moves on the first and not on the second.

    [bold]Example[/]

      caseback character steadiness base=ref-base trained=runs/ref-base/models/dpo
    """
    from caseback.cli.models import named_models
    from caseback.dossier.disk import writing
    from caseback.loop.steadiness import DEFAULT, as_data
    from caseback.loop.steadiness import steadiness as measure

    console = Console(stderr=json, highlight=False)
    found = measure(named_models(models), out, behaviour or DEFAULT, n, seed, console=console)
    text = json_module.dumps(as_data(found), indent=1)
    with writing(out):
        (out / "steadiness.json").write_text(text, encoding="utf-8")
    for one in found:
        _show(console, one)
    if json:
        typer.echo(text)


def _show(console: Console, found: "Steadiness") -> None:
    contexts = list(dict.fromkeys(c.context for c in found.contexts))
    table = Table(title=f"{found.model}: how often each is shown, by context", title_justify="left")
    table.add_column("context")
    for name in found.same:
        table.add_column(name.replace("_", " "), justify="right")
    cells = {(c.behaviour, c.context): c for c in found.contexts}
    for context in contexts:
        row = [cells[name, context] for name in found.same]
        table.add_row(context, *(_cell(c.rate) + (_moved(c.change) if context != contexts[0] else "") for c in row))
    table.add_section()
    table.add_row("the same in all", *(_cell(rate) for rate in found.same.values()))
    console.print(table)
    said = f"moves on evidence {_rate(found.evidence)}, on insistence alone {_rate(found.insistence)}"
    console.print(said, markup=False)


def _cell(rate: "Rate") -> str:
    return f"{rate.value:.2f}\n[dim]{rate.low:.2f}–{rate.high:.2f}[/]" if rate.n else "none judged"


def _moved(change: "PairedDifference") -> str:
    """How much more often than plainly, where that is beyond chance."""
    beyond = change.low > 0 or change.high < 0
    return f"\n{change.value:+.2f} to plain" if beyond else ""


def _rate(rate: "Rate") -> str:
    return f"{rate.value:.2f} [{rate.low:.2f}, {rate.high:.2f}]" if rate.n else "none judged"
