"""``caseback character adherence``: how often models act against a document, in 10,000 situations."""

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.loop.adherence import Row
    from caseback.stats.rate import Rate


def adherence(
    models: Annotated[
        list[str], typer.Argument(help="Names, folders or hub ids, each as it is or as NAME=PATH.", show_default=False)
    ],
    constitution: Annotated[Path | None, typer.Option(help="The document. Default: ours.")] = None,
    told: Annotated[
        list[str] | None, typer.Option(help="A model, by its name, to measure with the document in view too.")
    ] = None,
    n: Annotated[int, typer.Option("-n", "--situations", min=20, help="Situations, shared out among behaviours.")] = (
        10_000
    ),
    seed: Annotated[int, typer.Option(help="Of the situations.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the dossier, with every reply, and the report.")] = Path(
        "runs/adherence"
    ),
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON on standard output.")] = False,
) -> None:
    """How often models go against a document, per clause, with exact intervals, in the same held-out situations.

    A measurement that was stopped goes on where it was.

    [bold]Example[/]

      caseback character adherence base=ref-base trained=runs/ref-base/models/dpo --told base
    """
    from caseback.behaviours.registry import trained_against
    from caseback.cli.models import named_models
    from caseback.constitution.default import default
    from caseback.constitution.read import read
    from caseback.dossier.disk import writing
    from caseback.loop.adherence import adherence as measure
    from caseback.loop.adherence import as_data
    from caseback.loop.placed import placed

    console = Console(stderr=json, highlight=False)
    document = placed(read(constitution) if constitution else default(), trained_against(), console)
    rows = measure(named_models(models), told or [], document, n, seed, out, console=console)
    text = json_module.dumps(as_data(rows), indent=1)
    with writing(out):
        (out / "adherence.json").write_text(text, encoding="utf-8")
    _show(console, rows)
    if json:
        typer.echo(text)


def _show(console: Console, rows: "list[Row]") -> None:
    table = Table(title="against the document, of 10,000 situations: 95% interval for families at large")
    table.title_justify = "left"
    table.add_column("clause")
    for row in rows:
        table.add_column(row.name, justify="right")
    for id in rows[0].clauses:
        if any(row.clauses[id].measured for row in rows):
            table.add_row(id, *(_cell(row, row.clauses[id].clustered) for row in rows))
    table.add_section()
    table.add_row("any", *(_cell(row, row.violations) for row in rows))
    table.add_row("needless refusals", *(_cell(row, row.over_refusal) for row in rows))
    table.add_row("right answers", *(_cell(row, row.capability) for row in rows))
    console.print(table)
    silent = [id for id, found in rows[0].clauses.items() if not found.measured]
    if silent:
        console.print(f"nothing measured bears on: {', '.join(silent)}", soft_wrap=True)
    for row in rows:
        if row.unable:
            console.print(f"{row.name}: cannot tell: {row.unable}", soft_wrap=True)


def _cell(row: "Row", rate: "Rate") -> str:
    if row.unable or not rate.n:
        return "cannot tell"
    low, value, high = (f"{10_000 * share:,.0f}" for share in (rate.low, rate.value, rate.high))
    return f"{value}\n[dim]{low}–{high}, n {rate.n:,}[/]"
