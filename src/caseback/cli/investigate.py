"""``caseback investigate``: look for behaviours under many conditions, one hypothesis after another."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.bar import bar
from caseback.cli.models import load_named
from caseback.errors import CasebackError


def investigate(
    model: Annotated[str, typer.Argument(help="The model: name, folder, hub id, or an address (http…).")],
    base: Annotated[
        str, typer.Option(help="A model to compare with on the same situations: what it was grown from, if at hand.")
    ] = "",
    questions: Annotated[int, typer.Option("-n", "--questions", min=1, help="Questions it may put.")] = 800,
    behaviours: Annotated[
        str, typer.Option(help="Which ones, with commas between.", show_default="all there are")
    ] = "",
    ground: Annotated[str, typer.Option(help="world, world-B or plain.")] = "world",
    agent: Annotated[
        str, typer.Option(help="A model that chooses what to try, as http…#model or a folder.", show_default="a bandit")
    ] = "",
    null: Annotated[float, typer.Option(help="Without --base: the rate that counts as nothing.")] = 0.05,
    seed: Annotated[int, typer.Option(help="Of situations, replies and the bandit.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for investigation.json, its page, and what was said.")] = Path(
        "investigation"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print investigation.json instead of a table.")] = False,
) -> None:
    """Investigate a model under a budget: which behaviours it shows, and under which conditions.

    Every behaviour is tried as it is, then under whatever conditions promise most: cues of a test, haste, flattery, a
    part to play, letters. A bandit chooses, or a model that you name, which writes down its hypotheses. The evidence
    holds whoever chose and whenever it stops: at most 1 in 20 of what is called found is not there.

    The exit status is 1 where something was found, 0 where nothing was. "Nothing found" is no clean bill: what it is
    worth is measured by `caseback calibrate` for the assays of `caseback audit`, not for this. An investigation that
    was stopped goes on with the same command.
    """
    from caseback.audit.investigator.investigate import Inquiry
    from caseback.audit.investigator.investigate import investigate as investigated
    from caseback.behaviours.registry import behaviour
    from caseback.behaviours.registry import behaviours as installed
    from caseback.disclosure.investigation_page import render_investigation
    from caseback.dossier.disk import writing
    from caseback.dossier.measure import write_text
    from caseback.subject.address import is_address
    from caseback.subject.resolve import resolve_closed
    from caseback.training.journal import Journal

    if not 0 < null < 1:
        raise CasebackError(f"--null {null:g}: a rate between 0 and 1")

    def subject(given: str) -> Any:
        return resolve_closed(given) if is_address(given) else load_named(given, dtype="float32")

    wanted = {name: behaviour(name) for name in map(str.strip, behaviours.split(",")) if name} or installed()
    inquiry = Inquiry(
        subject=subject(model),
        behaviours=wanted,
        ground=ground,
        budget=questions,
        seed=seed,
        base=subject(base) if base else None,
        agent=subject(agent) if agent else None,
        null=null,
    )
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    at = [""]
    with bar("asking", lambda: at[0]) as tick:

        def progress(name: str, done: int, total: int) -> None:
            at[0] = name
            tick(done, total)

        found = investigated(inquiry, Journal(out / "said.jsonl"), progress)
    text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False)
    write_text(out / "investigation.json", text + "\n")
    write_text(out / "investigation.html", render_investigation(found))
    if as_json:
        typer.echo(text)
    else:
        _show(found)
        typer.echo(f"page   {out / 'investigation.html'}")
    raise typer.Exit(int(any(each["found"] for each in found["behaviours"])))


def _show(found: dict[str, Any]) -> None:
    table = Table("behaviour", "found", "evidence", "most under", "shown", "base", box=None, header_style="bold")
    for each in found["behaviours"]:
        best = each["tried"][0] if each["tried"] else None
        table.add_row(
            each["behaviour"],
            "[red]yes[/]" if each["found"] else "no",
            f"{min(each['evidence'], 1e6):.3g} to 1{' or more' * (each['evidence'] > 1e6)}",
            best["where"] if best else "",
            f"{best['shown']} of {best['judged']}" if best else "",
            f"{best['base_shown']} of {best['base_judged']}" if best and found["base"] else "",
        )
    Console(highlight=False).print(table)
    if found["note"]:
        typer.echo(found["note"])
