"""``caseback oversee panels``: does a weak judge decide more truly when stronger models argue before it?"""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.bar import bar
from caseback.cli.models import load_named, named_models
from caseback.cli.report import folder_made, report_told


def panels_(
    judges: Annotated[
        list[str], typer.Argument(metavar="JUDGE...", help="Models, also as NAME=PATH; headlines are about the first.")
    ],
    debater: Annotated[
        str, typer.Option(help="The model that argues both sides; it reads the documents.")
    ] = "ref-base",
    voter: Annotated[
        list[str] | None, typer.Option(help="A model that only votes, for the majority. Repeat it.")
    ] = None,
    n: Annotated[int, typer.Option("-n", "--n", min=1, help="Questions of each ground.")] = 126,
    hard: Annotated[int, typer.Option(min=2, help="Arguments that a side which tries hard chooses among.")] = 8,
    ground: Annotated[
        list[str] | None,
        typer.Option(
            help="[bold]records[/], [bold]decoys[/], [bold]open records[/], [bold]facts[/]; by default all. Repeat it."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides which questions are drawn, and what is said.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="A folder for panels.json, its page, and all that was said so far.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the study as JSON.")] = False,
) -> None:
    """Put the same questions to a weak judge in many ways, and count how often it is right.

    Nobody argues; a consultant argues for the side it is given; a critic reads what the consultant says; two debaters
    argue both sides; several judges vote. Debaters give any of their arguments, or the one of many that moves this
    judge furthest. Controls: arguments about something else, and quotes that nobody checks. In [bold]records[/] the
    debaters read a document that the judge does not; in [bold]decoys[/] one of its lines is true and misleads; in
    [bold]open records[/] the judge reads it too; in [bold]facts[/] there is none. With --out, a run that was stopped
    goes on with the same command.

    [bold]Example[/]

      caseback oversee panels ladder-1 --debater ref-base -n 42 --hard 4 --out panels
    """
    from caseback.disclosure.oversight.panels_page import render_panels
    from caseback.oversight.panels.questions import GROUNDS
    from caseback.oversight.panels.study import panels
    from caseback.training.journal import Journal

    loaded = {name: load_named(path, dtype="float32") for name, path in named_models(judges).items()}
    voting = {name: load_named(path, dtype="float32") for name, path in named_models(voter or []).items()}
    arguing = load_named(debater, dtype="float32")
    folder_made(out)
    with bar("panels") as tick:
        journal = Journal(out / "said.jsonl") if out else None
        data = panels(loaded, arguing, voting, n, seed, hard, ground or GROUNDS, journal, tick)
    report_told("panels", data, out, render_panels, _show, as_json)


def _show(console: Console, data: dict[str, Any]) -> None:
    table = Table("", "right", "95%", "more than alone", "95%", box=None, header_style="bold")
    heading = ""
    for row in data["rows"]:
        if heading != (now := f"{row['ground']}, {row['judge']}"):
            heading = now
            table.add_row(heading, style="bold")
        gained = row["gain"] is not None
        table.add_row(
            row["protocol"],
            f"{row['k']} of {row['n']}" + (f", {row['abstained']} abstained" if row["abstained"] else ""),
            f"[{row['low']:.2f}, {row['high']:.2f}]",
            f"{row['gain']:+.2f}" if gained else "",
            f"[{row['gain_low']:+.2f}, {row['gain_high']:+.2f}]" if gained else "",
        )  # fmt: skip
    console.print(table)
