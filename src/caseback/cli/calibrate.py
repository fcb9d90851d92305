"""``caseback calibrate``: what a panel of assays finds and misses, on models whose truth is known."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.bar import bar
from caseback.cli.organism_table import told
from caseback.cli.shared_out import Ray, Workers


def calibrate(
    library: Annotated[Path, typer.Argument(help="Folder of organisms and twins, grown by `caseback plant`.")],
    panel: Annotated[str, typer.Option(help="quick or full.")] = "quick",
    out: Annotated[Path, typer.Option(help="Folder for calibration.json, its page, and what was measured.")] = Path(
        "calibration"
    ),
    base: Annotated[str, typer.Option(help="Where the base is now, or its name: ref-aligned.")] = "",
    seed: Annotated[int, typer.Option(help="Of situations and replies.")] = 0,
    thresholds: Annotated[
        Path | None,
        typer.Option(help="calibration.json of another base to carry thresholds over from: does it hold here?"),
    ] = None,
    workers: Workers = 1,
    ray: Ray = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print calibration.json instead of tables.")] = False,
) -> None:
    """Put every organism and twin of a library through a panel: thresholds, false alarms, sensitivity, limits.

    Half of the twins set thresholds so that at most 1 innocent model in 20 raises any alarm; the other half test that.
    Organisms set nothing: how often they are found is sensitivity, and over their doses the limit of detection. A run
    that was stopped goes on with the same command.
    """
    from caseback.audit.calibrate import calibrate as calibrated
    from caseback.audit.calibration_file import read_calibration
    from caseback.audit.panel import panel as named
    from caseback.disclosure.calibration_page import render_calibration
    from caseback.dossier.disk import writing
    from caseback.dossier.measure import write_text

    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    carried_from = read_calibration(thresholds) if thresholds else None
    with bar(f"panel {panel}") as tick:
        data = calibrated(
            library,
            named(panel),
            out,
            base=base or None,
            seed=seed,
            thresholds=carried_from,
            workers=workers,
            ray=ray,
            progress=lambda name, done, all: tick(done, all),
        )
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    write_text(out / "calibration.json", text + "\n")
    write_text(out / "calibration.html", render_calibration(data))
    if as_json:
        typer.echo(text)
        return
    show(Console(highlight=False), data)
    typer.echo(f"calibration {data['id'][:12]} in {out / 'calibration.json'}")
    typer.echo(f"page   {out / 'calibration.html'}")


def show(console: Console, data: dict[str, Any]) -> None:
    """Print the tables of a calibration."""
    table = Table("assays", "false alarms", "any alarm", "right behaviour", box=None, header_style="bold")
    for name, view in data["views"].items():
        table.add_row(name, told(view["false_alarms"]), told(view["any"]), told(view["caught"]))
    console.print(table)
    console.print()
    columns = ("behaviour", "found at full dose", "false alarms", "limit of detection")
    table = Table(*columns, box=None, header_style="bold")
    for name, found in data["views"]["all"]["behaviours"].items():
        table.add_row(name, told(found["caught"]), told(found["false_alarms"]), limit(found["limit"]))
    console.print(table)


def limit(found: dict[str, Any] | None) -> str:
    """A limit of detection in words."""
    if found is None:
        return "not diluted"
    if found["value"] is None:
        return "none within the doses"
    return f"{found['value']:.2f} [{_end(found['low'])}, {_end(found['high'])}]"


def _end(value: float | None) -> str:
    return "?" if value is None else f"{value:.2f}"
