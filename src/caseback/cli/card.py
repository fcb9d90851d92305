"""``caseback card``: the system card of a dossier; what it stands on, and what changed since the last."""

import json
from copy import copy
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from caseback.errors import CasebackError

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Folder = Annotated[Path, typer.Argument(help="The dossier's folder, or that of a run.")]
COLORS = {"better": "green", "worse": "red"}


class WritesByDefault(TyperGroup):
    """``caseback card DOSSIER`` is ``caseback card write DOSSIER``: a first word that is no command is the dossier."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, or ``write`` with its dossier given."""
        found = super().get_command(ctx, cmd_name)
        if found is not None:
            return found
        bound = copy(self.commands["write"])
        bound.params = [copy(param) for param in bound.params]
        dossier = next(param for param in bound.params if param.name == "dossier")
        bound.params.remove(dossier)
        bound.callback = partial(_called, bound.callback, Path(cmd_name))
        return bound


def _called(write: Any, dossier: Path, **options: Any) -> Any:
    return write(dossier=dossier, **options)


app = typer.Typer(
    cls=WritesByDefault,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def card() -> None:
    """The system card of a dossier: what was found about a model, what would have been missed, what is not known.

    [bold]caseback card DOSSIER[/] writes it. [bold]caseback card check CARD[/] holds one against its evidence.
    [bold]caseback card diff OLD NEW[/] says what changed.
    """


@app.command()
def write(
    dossier: Folder,
    out: Annotated[Path | None, typer.Option(help="The HTML file.", show_default="card.html in that folder")] = None,
    matters: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Rate when tempted from which on a behaviour matters to you.")
    ] = 0.05,
) -> None:
    """Write the card of a dossier: one HTML file to read, send and print, the same as JSON, and README.md for the hub.

    The card is a view of the records: it can be written again at any time and says the same. A figure whose evidence is
    missing or was altered is struck through, with the reason.

    Example: caseback card runs/mine/dossier
    """
    from caseback.disclosure.model_card import readme_beside
    from caseback.disclosure.read_card import dossier_in
    from caseback.disclosure.write import write_card
    from caseback.dossier import read_dossier

    with read_dossier(dossier_in(dossier)) as opened:
        written = write_card(opened, out or dossier / "card.html", matters=matters)
    typer.echo(f"wrote {written}")
    typer.echo(f"wrote {written.with_suffix('.json')}")
    typer.echo(f"wrote {readme_beside(written)}")


@app.command()
def check(
    card: Annotated[Path, typer.Argument(help="card.json, or card.html with its JSON beside it.")],
    dossier: Annotated[Path | None, typer.Option(help="Its dossier.", show_default="where the card says")] = None,
    as_json: Json = False,
) -> None:
    """Hold a card against its evidence: every figure against its record, every record and artefact against its hash.

    Lists the figures that may not stand, and why. Exit status: 1 where there are any or the card was edited, else 0.

    Example: caseback card check runs/mine/card.html
    """
    from dataclasses import asdict

    from caseback.disclosure.check import check_card

    found = check_card(card, dossier)
    if as_json:
        typer.echo(json.dumps({**asdict(found), "stands": found.stands}, indent=1))
    else:
        for each in found.struck:
            typer.echo(f"struck: {each.label} ({each.figure}): {each.why}")
        for what in found.other:
            typer.echo(f"wrong: {what}")
        if found.newer:
            records = "record" if found.newer == 1 else "records"
            typer.echo(f"The dossier has {found.newer} newer {records}: write the card again to show what is new.")
        if found.stands:
            typer.echo(f"All {found.figures} figures stand: their records and artefacts are as they were written.")
        else:
            typer.echo(f"{len(found.struck)} of {found.figures} figures may not stand.")
    raise typer.Exit(0 if found.stands else 1)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="A card.json or card.html, or a dossier.")],
    new: Annotated[Path, typer.Argument(help="Another one.")],
    every: Annotated[bool, typer.Option("--all", help="List changes within the intervals, too.")] = False,
    as_json: Json = False,
) -> None:
    """What changed from one card to another: what moved beyond its interval, what appeared, what vanished.

    Moved means that the two 95% intervals have no point in common.

    Example: caseback card diff runs/first runs/second
    """
    from caseback.disclosure.diff import card_diff
    from caseback.disclosure.read_card import read_card

    found = card_diff(read_card(old), read_card(new))
    if as_json:
        typer.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return
    console = Console(highlight=False)
    for about in found["about"]:
        console.print(f"[yellow]not alike[/]: {escape(about)}")
    table = Table("figure", "", "then", "now", box=None, header_style="bold")
    for each in found["figures"]:
        if each["change"] == "within" and not every:
            continue
        color = COLORS.get(each["direction"], "default")
        word = f"{each['change']}, {each['direction']}" if each["direction"] else each["change"]
        table.add_row(escape(each["label"]), f"[{color}]{word}[/]", *map(_told, (each["old"], each["new"])))
    if table.row_count:
        console.print(table)
    console.print(", ".join(f"{n} {word}" for word, n in found["counts"].items()) or "nothing to compare")


def _told(figure: dict[str, Any] | None) -> str:
    if figure is None:
        return "–"
    if figure["word"]:
        return escape(str(figure["word"]))
    if figure["value"] is None:
        return "cannot tell"
    bounds = (figure["low"], figure["high"])
    interval = "" if None in bounds else escape(f" [{bounds[0]:.2f}, {bounds[1]:.2f}]")
    return f"{figure['value']:.2f}{interval}"


@app.command()
def add(
    dossier: Folder,
    reports: Annotated[
        list[Path] | None,
        typer.Argument(help="JSON reports of caseback oversee or caseback look, each with its page beside it."),
    ] = None,
    *,
    detector: Annotated[
        list[Path] | None, typer.Option(help="Folder of a detector that goes with the model; repeat it.")
    ] = None,
    look: Annotated[list[Path] | None, typer.Option(help="One more of the REPORTS; repeat it.")] = None,
    former: Annotated[Path | None, typer.Option(help="The card before this one, or its dossier.")] = None,
    model: Annotated[
        str, typer.Option(help="The model as shipped: detectors that read activations are tested on it.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the records' ids as JSON.")] = False,
) -> None:
    """Put into a dossier what its card shows beside the run: monitors, studies of oversight, reports from inside, the
    card before it.

    A detector's self-tests are run, and whether it fits the model is recorded with it: a stale one is shown as stale.

    [bold]Examples[/]

      caseback card add runs/mine studies/ladder.json studies/panel.json

      caseback card add runs/mine difference/difference.json --detector praise --former old/card.json
    """
    from caseback.cli.models import load_named
    from caseback.disclosure.add import append, of_detector, of_former, of_report
    from caseback.disclosure.read_card import dossier_in
    from caseback.dossier import open_dossier, read_dossier

    files = [*(reports or ()), *(look or ())]
    if not (detector or files or former):
        raise CasebackError("nothing to add: name reports, or give --detector or --former")
    folder = dossier_in(dossier)
    read_dossier(folder).close()  # a new one is not begun by a slip of the pen
    subject = load_named(model) if model else None
    with open_dossier(folder) as opened:
        entries = [of_report(opened, each) for each in files] + ([of_former(opened, former)] if former else [])
        entries += [of_detector(opened, each, subject) for each in detector or ()]
        records = append(opened, entries)
    if as_json:
        typer.echo(json.dumps([{"kind": record.kind, "record": record.id} for record in records]))
        return
    for record in records:
        typer.echo(
            f"{record.kind.replace('_', ' ')}  {record.body.get('name') or record.body.get('title')}  {record.id[:12]}"
        )
    typer.echo(f"Show it: caseback card {dossier}")
