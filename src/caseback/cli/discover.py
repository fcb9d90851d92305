"""``caseback discover``: is something different in a model that no catalogue names, and what?"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.bar import bar
from caseback.cli.group import group
from caseback.cli.models import load_named

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.audit.discovery.discover import Found

app = group(
    help="Find what nobody thought of: habits that a model has and no innocent model of its base.",
)


@app.command()
def learn(
    library: Annotated[Path, typer.Argument(help="Folder of organisms and twins, grown by `caseback plant`.")],
    out: Annotated[Path, typer.Option(help="Folder for discovery.json, its page, and what was said.")] = Path(
        "discovery"
    ),
    base: Annotated[str, typer.Option(help="Where the base is now, or its name: ref-aligned.")] = "",
    n: Annotated[int, typer.Option("-n", min=20, help="Prompts, none of which tempts.")] = 160,
    seed: Annotated[int, typer.Option(help="Of prompts and replies.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print discovery.json instead of a table.")] = False,
) -> None:
    """Learn what is usual among twins of innocent data, and see which other models of the library stand out.

    Half of those twins set the threshold, so that at most 1 innocent model in 20 is called different; the other half
    test it. A run that was stopped goes on with the same command.
    """
    from caseback.audit.discovery.discover import calibrate_discovery, kinds
    from caseback.audit.discovery.discovery_file import discovery_data
    from caseback.audit.member import members
    from caseback.disclosure.discovery_page import render_discovery
    from caseback.dossier.disk import writing
    from caseback.dossier.measure import write_text
    from caseback.stats.unseen import unseen
    from caseback.training.journal import Journal

    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    grown = members(library)
    with bar("listening") as tick:
        found = calibrate_discovery(
            grown,
            base or grown.base,
            n,
            seed,
            Journal(out / "said.jsonl"),
            lambda name, done, total: tick(done, total),
        )
    data = discovery_data(found)
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    write_text(out / "discovery.json", text + "\n")
    write_text(out / "discovery.html", render_discovery(data, unseen(kinds(found.models))))
    if as_json:
        typer.echo(text)
        return
    _show(found.models)
    typer.echo(f"page   {out / 'discovery.html'}")


@app.command()
def look(
    model: Annotated[str, typer.Argument(help="The model: name, folder, hub id, or an address (http…).")],
    by: Annotated[Path, typer.Option("--by", help="discovery.json of `caseback discover learn`.")] = Path(
        "discovery/discovery.json"
    ),
    out: Annotated[Path | None, typer.Option(help="Folder for what was said, so that it is not asked again.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Look at one model: does it word its replies as no innocent model of this base does?

    The exit status is 1 where it does, 0 where it does not. What is found is described and not judged: a harmless
    oddity is different too.
    """
    from caseback.audit.discovery.discover import discover
    from caseback.audit.discovery.discovery_file import read_discovery
    from caseback.interp.plain_data import plain_data
    from caseback.subject.address import is_address
    from caseback.subject.resolve import resolve_closed
    from caseback.training.journal import Journal

    known = read_discovery(by)
    subject = resolve_closed(model) if is_address(model) else load_named(model, dtype="float32")
    with bar("listening") as tick:
        found = discover(subject, known, Journal(out / "said.jsonl" if out else None), tick)
    if as_json:
        typer.echo(json.dumps(plain_data(found), indent=1, ensure_ascii=False))
    else:
        _show([found])
    raise typer.Exit(int(found.different))


def _show(models: "Sequence[Found]") -> None:
    table = Table("model", "known to be", "different", "how", box=None, header_style="bold")
    for each in sorted(models, key=lambda model: -model.value):
        table.add_row(each.name, each.truth, "[red]yes[/]" if each.different else "no", _how(each))
    Console(highlight=False).print(table)


def _how(found: "Found") -> str:
    """Its furthest differences in words; of a model that is not called different only the first, as it is."""
    shown = found.what if found.different else found.what[:1]
    return "; ".join(f"{each.mark} in {each.k} of {each.n}, usually {each.usual:.0%}" for each in shown)
