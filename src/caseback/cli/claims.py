"""``caseback claims``: the figures we state, and measuring them again."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from caseback.dossier.claims import Claim, load_claim, load_claims
from caseback.dossier.claims_page import figure, render_claims, verdict
from caseback.dossier.measure import measure, write_text

app = typer.Typer(
    add_completion=False, rich_markup_mode="rich", help="Every figure we state, and how to measure it again."
)

Folder = Annotated[Path, typer.Option("--dir", help="The folder with the claims.", file_okay=False)]
LEDGER = Path("claims")


@app.callback(invoke_without_command=True)
def claims(
    context: typer.Context,
    folder: Folder = LEDGER,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List every claim with its target and what was measured last.

    [bold]caseback claims measure ID[/] runs the command of one again; [bold]caseback claims render[/] writes
    docs/claims.md. A claim is a file, claims/ID.yaml, with the keys id, statement, target, unit, seeds and command.
    """
    if context.invoked_subcommand is not None:
        context.obj = folder
        return
    ledger = load_claims(folder)
    if as_json:
        typer.echo(json.dumps([_listed(claim) for claim in ledger], indent=2, ensure_ascii=False))
    else:
        Console(highlight=False).print(_table(ledger))


@app.command("measure")
def measure_one(context: typer.Context, id: Annotated[str, typer.Argument(help="The claim's id.")]) -> None:
    """Run a claim's command, show what it prints, and store the figures of its last line."""
    claim = load_claim(context.obj, id)
    console = Console(highlight=False)
    console.print(f"[bold]{escape(claim.id)}[/]  {escape(claim.statement)}\n[dim]{escape(claim.command)}[/]")
    measured = measure(claim, context.obj, typer.echo)
    console.print(_table([measured]))


@app.command()
def render(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option(help="Where to write.", show_default="docs/claims.md beside the folder")
    ] = None,
) -> None:
    """Write the claims as a page of the documentation."""
    folder: Path = context.obj
    out = out or folder.resolve().parent / "docs" / "claims.md"
    write_text(out, render_claims(load_claims(folder)))
    typer.echo(f"wrote {out}")


def _listed(claim: Claim) -> dict[str, object]:
    result = asdict(claim.result) if claim.result else {}
    names = ("value", "low", "high", "n", "holds", "measured_at", "note", "machine", "commit")
    return {
        **{name: getattr(claim, name) for name in ("id", "statement", "target", "unit", "seeds", "command")},
        **{name: result.get(name) for name in names},
    }


def _table(ledger: list[Claim]) -> Table:
    held = sum(claim.result is not None and claim.result.holds for claim in ledger)
    measured = sum(claim.result is not None for claim in ledger)
    table = Table(
        caption=f"{len(ledger)} claims, {measured} measured, {held} hold", caption_justify="left", show_lines=True
    )
    table.add_column("claim", min_width=26, overflow="fold")
    for name, widest in (("target", 14), ("value", 10), ("holds", 16)):
        table.add_column(name, max_width=widest, overflow="fold")
    for claim in ledger:
        text = f"[bold]{escape(claim.id)}[/]\n{escape(claim.statement)}"
        target = f"{escape(claim.target)}\n[dim]{escape(claim.unit)}[/]"
        result = claim.result
        if result is None:
            table.add_row(text, target, "–", f"[dim]{verdict(claim)}[/]")
            continue
        interval = "" if result.low is None else f"\n[dim]{figure(result.low)} to {figure(result.high)}[/]"
        holds = f"[{'green' if result.holds else 'red'}]{verdict(claim)}[/]\n[dim]{result.measured_at[:10]}[/]"
        table.add_row(text, target, figure(result.value) + interval, holds)
    return table
