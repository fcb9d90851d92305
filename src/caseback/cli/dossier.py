"""``caseback dossier``: look at an evidence record, check it, take it elsewhere."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from caseback.dossier import Record, read_dossier
from caseback.dossier.export import export_dossier

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Look at an evidence record, check it, take it elsewhere."
)

Folder = Annotated[Path, typer.Argument(help="The dossier's folder.")]


@app.command()
def show(
    dossier: Folder,
    id: Annotated[str | None, typer.Argument(help="A record's id, or how it begins: shows all of it.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only records of this kind, such as measurement.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one record a line.")] = False,
) -> None:
    """List the records of a dossier, or show one in full."""
    with read_dossier(dossier) as opened:
        records = [opened.record(id)] if id else list(opened.records(kind))
        paths = {digest: str(opened.artefact(digest)) for record in records for digest in record.artefacts.values()}
    if as_json:
        for record in records:
            typer.echo(json.dumps(asdict(record)))
    elif id:
        typer.echo(json.dumps(asdict(records[0]), indent=2, ensure_ascii=False).encode(errors="replace").decode())
        for name, digest in records[0].artefacts.items():
            typer.echo(f"{name}: {paths[digest]}")
    else:
        Console(highlight=False).print(_table(records))


@app.command()
def verify(
    dossier: Folder,
    head: Annotated[
        str | None, typer.Option(help="Id of the last record as a card names it: finds cut-off records.")
    ] = None,
) -> None:
    """Recompute every hash of the chain and read every artefact. Exits with status 1 where something is wrong."""
    with read_dossier(dossier) as opened:
        problems = opened.verify(head)
        count = 0 if problems else sum(1 for _ in opened.records())
        last = "" if problems else opened.head()
    for problem in problems:
        typer.echo(f"{problem.where}: {problem.what}", err=True)
    if problems:
        raise typer.Exit(1)
    typer.echo(f"{count} records and their artefacts are as they were written. Last record: {last or 'none'}")


@app.command()
def export(
    dossier: Folder,
    out: Annotated[Path, typer.Argument(help="The zip file to write; it must not be there yet.")],
) -> None:
    """Write a dossier as one zip file: records.jsonl and its artefacts. A dossier that does not verify is refused."""
    with read_dossier(dossier) as opened:
        export_dossier(opened, out)
    typer.echo(f"wrote {out}")


def _table(records: list[Record]) -> Table:
    table = Table(caption=f"{len(records)} records", caption_justify="left")
    for name in ("", "time (UTC)", "kind", "says", "artefacts", "id"):
        table.add_column(name, no_wrap=name not in ("says", "artefacts"), overflow="fold")
    for record in records:
        says = ", ".join(f"{key} {value}" for key, value in record.body.items() if isinstance(value, str | int | float))
        says = says if len(says) <= 160 else says[:159] + "…"
        row = (str(record.number), record.time[:19], record.kind, says, " ".join(record.artefacts), record.id[:12])
        table.add_row(*map(escape, row))
    return table
