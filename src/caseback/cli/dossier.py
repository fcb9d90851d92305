"""``caseback dossier``: look at an evidence record, check it, take it elsewhere."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from caseback.cli.group import group
from caseback.dossier import Record, read_dossier
from caseback.dossier.export import export_dossier
from caseback.dossier.measure import write_text

app = group("Look at an evidence record, check it, take it elsewhere.")

Folder = Annotated[Path, typer.Argument(help="The dossier's folder.")]

TELLING = (
    "status", "summary", "role", "arm", "behaviour", "rate", "title", "name", "command", "method", "what", "why",
)  # fmt: skip
"""The fields of a body that tell most, shown first; they need no name beside them."""


@app.command()
def show(
    dossier: Folder,
    id: Annotated[str | None, typer.Argument(help="A record's id, or how it begins: shows all of it.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only records of this kind, such as measurement.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one record a line.")] = False,
) -> None:
    """List the records of a dossier, one a line, or show one in full.

    Lines are cut to the width of the terminal; --json cuts nothing.

    Examples: caseback dossier show runs/mine/dossier, and caseback dossier show runs/mine/dossier 3f2a91c0
    """
    with read_dossier(dossier) as opened:
        records = [opened.record(id)] if id else list(opened.records(kind))
        paths = {digest: str(opened.artefact(digest)) for record in records for digest in record.artefacts.values()}
    console = Console(highlight=False)
    if as_json:
        for record in records:
            typer.echo(json.dumps(asdict(record)))
    elif id:
        typer.echo(_laid_out(asdict(records[0])).encode(errors="replace").decode())
        for name, digest in records[0].artefacts.items():
            typer.echo(f"{name}: {paths[digest]}")
    else:
        kinds = max((len(record.kind) for record in records), default=0)
        for record in records:
            line = f"{record.id[:8]}  {record.time[5:16].replace('T', ' ')}  {record.kind:{kinds}}  {_says(record)}"
            console.print(Text(line), no_wrap=True, overflow="ellipsis")
        some = records[-1].id[:8] if records else "ID"
        typer.echo(f"{len(records)} records (times are UTC). All of one: caseback dossier show {dossier} {some}")


@app.command()
def transcripts(
    dossier: Folder,
    out: Annotated[Path, typer.Argument(help="File to write, JSON Lines.")],
    behaviour: Annotated[str, typer.Option(help="Which behaviour the labels are about.")],
    arm: Annotated[str, typer.Option(help="Whose replies, such as before, control or dpo.")] = "before",
) -> None:
    """Write the judged replies of an arm as labelled transcripts, to make, calibrate and hand on detectors with.

    True are those that show the behaviour, False what was tempted or asked and is in order.

    Example: caseback dossier transcripts runs/mine/dossier harm.jsonl --behaviour harmful_compliance
    """
    from caseback.behaviours.labelled import labelled_transcripts

    with read_dossier(dossier) as opened:
        rows = labelled_transcripts(opened, behaviour, arm)
    write_text(out, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    bad, families = sum(row["label"] for row in rows), len({row["family"] for row in rows})
    typer.echo(f"{out}: {bad} that show it, {len(rows) - bad} that do not, of {families} families of situations")


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


def _says(record: Record) -> str:
    """The body in a line, what tells most first: texts and numbers as they are, rates as ``k of n``."""
    first = [name for name in TELLING if name in record.body]
    said = [_plain(record.body[name]) for name in first]
    rest = [(name, _plain(value)) for name, value in record.body.items() if name not in (*TELLING, "clustered")]
    said += [f"{name} {text}" for name, text in rest if text]
    said += [f"with {name}" for name in record.artefacts]
    return ", ".join(" ".join(text.split()) for text in said if text)


def _plain(value: object) -> str:
    """A text, number or rate in words; empty for what is none."""
    if isinstance(value, Mapping) and {"k", "n"} <= set(value):
        return f"{value['k']} of {value['n']}"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value) if isinstance(value, str | int) else ""


def _laid_out(record: dict[str, Any]) -> str:
    """JSON to read: indented, with innermost lists and objects on one line where they fit."""
    text = json.dumps(record, indent=2, ensure_ascii=False)
    return re.sub(r"([\[{])\n +([^\[\]{}]{,300}?)\n *([\]}])", _joined, text)


def _joined(match: re.Match[str]) -> str:
    line = match[1] + re.sub(r"\n +", " ", match[2]) + match[3]
    return line if len(line) <= 116 else match[0]
