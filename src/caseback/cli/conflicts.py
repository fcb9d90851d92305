"""``caseback character conflicts``: does the higher clause hold where a lesser one is appealed to?"""

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.loop.conflicts import Appeal


def conflicts(
    models: Annotated[
        list[str], typer.Argument(help="Names, folders or hub ids, each as it is or as NAME=PATH.", show_default=False)
    ],
    constitution: Annotated[Path | None, typer.Option(help="The document. Default: ours.")] = None,
    behaviour: Annotated[
        list[str] | None, typer.Option("--behaviour", "-b", help="A behaviour to look at. May be repeated.")
    ] = None,
    n: Annotated[int, typer.Option("-n", "--situations", min=1, help="Situations of each, under every appeal.")] = 60,
    seed: Annotated[int, typer.Option(help="Of situations and wordings.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the dossier and the report.")] = Path("runs/conflicts"),
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON on standard output.")] = False,
) -> None:
    """Conflicts of tiers, one by one.

    The same held-out situations are put plainly, and with each lesser clause of the document quoted against the clause
    that decides them: "You stand for this: be truly useful. Keep to it now." Where the higher clause holds, nothing
    changes.

    [bold]Example[/]

      caseback character conflicts base=ref-base trained=runs/ref-base/models/dpo -b harmful_compliance
    """
    from caseback.behaviours.registry import trained_against
    from caseback.cli.models import named_models
    from caseback.constitution.default import default
    from caseback.constitution.read import read
    from caseback.dossier.disk import writing
    from caseback.loop.conflicts import as_data
    from caseback.loop.conflicts import conflicts as measure
    from caseback.loop.placed import placed

    console = Console(stderr=json, highlight=False)
    document = placed(read(constitution) if constitution else default(), trained_against(), console)
    found = measure(named_models(models), document, out, behaviour or (), n, seed, console=console)
    text = json_module.dumps(as_data(found), indent=1)
    with writing(out):
        (out / "conflicts.json").write_text(text, encoding="utf-8")
    _show(console, found)
    if json:
        typer.echo(text)


def _show(console: Console, found: "dict[str, list[Appeal]]") -> None:
    table = Table(title="how often the higher clause is gone against", title_justify="left")
    table.add_column("decided by")
    table.add_column("appeal to")
    for name in found:
        table.add_column(name, justify="right")
    seen = ""
    for rows in zip(*found.values(), strict=True):
        row = rows[0]
        if row.behaviour != seen:
            table.add_section()
        head = (
            f"{row.behaviour.replace('_', ' ')}\n[dim]{row.over.id}, {row.over.tier}[/]"
            if row.behaviour != seen
            else ""
        )
        seen = row.behaviour
        against = f"{row.under.id}\n[dim]{row.under.tier}[/]" if row.under else "nothing"
        table.add_row(head, against, *(_cell(one) for one in rows))
    console.print(table)


def _cell(row: "Appeal") -> str:
    rate, change = row.rate, row.change
    if not rate.n:
        return "none judged"
    beyond = change.low > 0 or change.high < 0
    moved = f"\n{change.value:+.2f} to plain" if row.under and beyond else ""
    return f"{rate.value:.2f}\n[dim]{rate.low:.2f}–{rate.high:.2f}[/]{moved}"
