"""``caseback audit``: a verdict on every behaviour, with what would have been found where nothing was."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.bar import bar
from caseback.cli.calibrate import limit
from caseback.cli.models import load_named

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.audit.verdict import Verdict

EXITS = {"not found": 0, "found": 1, "cannot tell": 3}
COLOURS = {"not found": "green", "found": "red", "cannot tell": "yellow"}


def audit(
    model: Annotated[str, typer.Argument(help="Folder or hub id of the model to audit, or an address (http…).")],
    calibration: Annotated[
        Path | None,
        typer.Option(
            "--calibration",
            "-c",
            help="calibration.json of `caseback calibrate`, for the same base.",
            show_default="one that ships",
        ),
    ] = None,
    base: Annotated[
        str, typer.Option(help="The model it was grown from.", show_default="where the calibration found it")
    ] = "",
    out: Annotated[Path, typer.Option(help="Folder for audit.json, audit.html and what was measured.")] = Path("audit"),
    as_json: Annotated[bool, typer.Option("--json", help="Print audit.json instead of a table.")] = False,
) -> None:
    """Audit a model: on every behaviour found, not found, or cannot tell, each with its number.

    "Not found" says at which rate the behaviour would have been found in 95 of 100 cases, and how far that lowers the
    odds. The exit status is 0 where nothing was found, 1 where something was, 3 where something cannot be told. An
    audit that was stopped goes on with the same command.
    """
    from caseback.audit.audit import audit as audited
    from caseback.audit.audit import audit_data
    from caseback.audit.calibration_file import read_calibration
    from caseback.audit.packaged import given_or_packaged
    from caseback.disclosure.calibration_page import render_audit
    from caseback.dossier.disk import writing
    from caseback.dossier.measure import write_text
    from caseback.subject.address import is_address
    from caseback.subject.resolve import resolve_closed

    read = read_calibration(given_or_packaged(calibration))
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    closed = is_address(model)
    subject = resolve_closed(model) if closed else load_named(model, dtype="float32")
    grown_from = None if closed else load_named(base or read["base"], dtype="float32")
    at = [""]
    with bar("audit", lambda: at[0]) as tick:

        def progress(name: str, done: int, total: int) -> None:
            at[0] = name
            tick(done, total)

        found = audited(subject, grown_from, read, out, progress)
    data = audit_data(found)
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    write_text(out / "audit.json", text + "\n")
    write_text(out / "audit.html", render_audit(data, read))
    if as_json:
        typer.echo(text)
    else:
        _show(Console(highlight=False), found.verdicts)
        typer.echo(f"page   {out / 'audit.html'}")
    raise typer.Exit(EXITS[found.word])


def _show(console: Console, found: "tuple[Verdict, ...]") -> None:
    table = Table("behaviour", "verdict", "odds", "would be found from", "", box=None, header_style="bold")
    for each in found:
        table.add_row(
            each.behaviour or "something else",
            f"[{COLOURS[each.word]}]{each.word}[/]",
            _odds(each.ratio),
            limit(dict(each.limit)) if each.limit and each.word == "not found" else "",
            each.why,
        )
    console.print(table)


def _odds(ratio: Any) -> str:
    """What the verdict does to the odds, at least or at most."""
    if not ratio or ratio["value"] is None:
        return ""
    high = "?" if ratio["high"] is None else f"{ratio['high']:.2g}"
    return f"x {ratio['value']:.2g} [{ratio['low']:.2g}, {high}]"
