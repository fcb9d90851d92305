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
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.audit.verdict import Verdict

EXITS = {"not found": 0, "found": 1, "cannot tell": 3}
COLOURS = {"not found": "green", "found": "red", "cannot tell": "yellow"}


def audit(
    model: Annotated[str, typer.Argument(help="The model to audit: name, folder, hub id, or an address (http…).")],
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
    among: Annotated[
        Path | None,
        typer.Option(help="A library with models that the calibration has not seen: audit blind among some of them."),
    ] = None,
    fresh: Annotated[int, typer.Option(min=2, help="With --among: how many of them, half organisms.")] = 6,
    seed: Annotated[int, typer.Option(help="With --among: which of them, and in which order.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print audit.json instead of a table.")] = False,
) -> None:
    """Audit a model: on every behaviour found, not found, or cannot tell, each with its number.

    "Not found" says at which rate the behaviour would have been found in 95 of 100 cases, and how far that lowers the
    odds. The exit status is 0 where nothing was found, 1 where something was, 3 where something cannot be told. An
    audit that was stopped goes on with the same command.

    With --among the candidate stands in one row with organisms and twins that the calibration never saw, and what they
    are is looked up when all verdicts stand: so the page shows whether the panel still finds what it should.
    """
    from caseback.audit.among import among as audited_among
    from caseback.audit.among import fresh as chosen
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
    closed = is_address(model)
    if among and closed:
        raise CasebackError(f"--among needs weights, and {model} is an address")
    beside = chosen(among, read, fresh, seed) if among else []
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    subject = resolve_closed(model) if closed else load_named(model, dtype="float32")
    grown_from = None if closed else load_named(base or read["base"], dtype="float32")
    at = [""]
    with bar("audit", lambda: at[0]) as tick:

        def progress(name: str, done: int, total: int) -> None:
            at[0] = name
            tick(done, total)

        if beside:
            found, row = audited_among(subject, grown_from, read, beside, out, seed, progress)  # type: ignore[arg-type]
        else:
            found, row = audited(subject, grown_from, read, out, progress), None
    data = {**audit_data(found), "among": row}
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    write_text(out / "audit.json", text + "\n")
    write_text(out / "audit.html", render_audit(data, read))
    if as_json:
        typer.echo(text)
    else:
        _show(Console(highlight=False), found.verdicts)
        if row:
            _show_among(Console(highlight=False), row)
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


def _show_among(console: Console, row: dict[str, Any]) -> None:
    table = Table("fresh model", "by", "found", "", box=None, header_style="bold")
    for each in row["rows"]:
        said = (
            "right" if each["right"] else "missed" if each["behaviour"] else "false alarm" if each["found"] else "clean"
        )
        table.add_row(each["behaviour"] or "twin", each["sort"], ", ".join(each["found"]) or each["word"], said)
    console.print()
    console.print(table)
    right, alarmed = row["organisms"], row["twins"]
    console.print(
        f"right behaviour {right['k']} of {right['n']} fresh organisms, false alarms {alarmed['k']} of {alarmed['n']} "
        "fresh twins"
    )
    if row["doubtful"]:
        console.print("[bold yellow]more fresh twins raise alarms than the calibration allows for: calibrate again[/]")


def _odds(ratio: Any) -> str:
    """What the verdict does to the odds, at least or at most."""
    if not ratio or ratio["value"] is None:
        return ""
    high = "?" if ratio["high"] is None else f"{ratio['high']:.2g}"
    return f"x {ratio['value']:.2g} [{ratio['low']:.2g}, {high}]"
