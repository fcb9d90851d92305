"""``caseback watch rates``: rates of live traffic with bounds that hold whenever one looks."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from caseback.cli.watch_opened import Config, Json, Opened, Stored, opened, printed
from caseback.errors import CasebackError

if TYPE_CHECKING:
    from caseback.watch.rates.estimate import Estimate
    from caseback.watch.rates.live import LiveRate

SPANS = {"hour": 3600.0, "day": 86400.0, "week": 7 * 86400.0}


def rates(
    config: Config = None,
    store: Stored = "",
    detector: Annotated[str, typer.Option(help="Name or id of one detector.", show_default="all")] = "",
    by: Annotated[
        Literal["model", "client", "agent", "path"] | None, typer.Option(help="A row for each of these.")
    ] = None,
    every: Annotated[Literal["hour", "day", "week"] | None, typer.Option(help="A row for each span of time.")] = None,
    since: Annotated[
        datetime | None, typer.Option(help="From when on (UTC).", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"])
    ] = None,
    model: Annotated[str, typer.Option(help="Only what this model answered.", show_default="all")] = "",
    into: Annotated[
        Path | None, typer.Option(help="Dossier of the model, or its run: each rate is recorded there.")
    ] = None,
    as_json: Json = False,
) -> None:
    """How often each behaviour shows in live traffic, with bounds that hold at every time at once.

    What is counted are tasks: a trace once, however many exchanges it has, and each exchange without one. There are
    three rates: from audits alone, which take nothing for granted of a detector; from flags, corrected by the
    detector's calibration; and from both. The last line bounds the rate in all traffic: from nothing that was not
    evaluated being a violation to all of it.

    With --into each detector's rate is a record of the dossier, where the card shows it.

    Example: caseback watch rates --every day
    """
    from dataclasses import asdict

    from caseback.watch.rates.live import live_rates

    begun = since.replace(tzinfo=UTC).timestamp() if since else 0.0
    if into and (by or every):
        raise CasebackError("--into records one rate of each detector: leave out --by and --every")
    if model and by not in (None, "model"):
        raise CasebackError(f"--model and --by {by}: give one of them")
    with opened(config, store) as found:
        keep_missing(found)
        only = _answering(found, model, into is not None)
        width = SPANS[every] if every else None
        rows = live_rates(
            found.store, time.time(), by="model" if only else by, width=width, since=begun, which=detector or None
        )
    rows = [row for row in rows if only in (None, row.group.value)]
    records = _recorded(into, rows) if into else []
    if as_json:
        shown = [{**asdict(row), "coverage": row.counts.coverage, "best": asdict(row.best)} for row in rows]
        printed({"rates": shown, "records": records} if into else shown)
        return
    if not rows:
        typer.echo("no detector has had its say yet")
    for row in rows:
        parts = [row.detector, *([row.group.value or "(none)"] if by else []), *([_when(row.since)] if every else [])]
        low, high = row.of_all
        typer.echo(f"{', '.join(parts)}: {row.counts.tasks} tasks, coverage {_coverage(row)}")
        for name, each in (("audits", row.audits), ("flags", row.flags), ("both", row.both)):
            typer.echo(f"  {name:12}{_told(each)}")
        typer.echo(f"  {'all traffic':12}{low:.2g} to {high:.2g}")
        if row.counts.gaps:
            typer.echo(f"  {row.counts.gaps} gaps of which nobody knows how many exchanges they held")
    for id in records:
        typer.echo(f"recorded {id[:12]} in {into}")


def _answering(found: Opened, model: str, alone: bool) -> str | None:
    """The one model whose traffic is counted; None for that of all.

    Raises:
        CasebackError: it has answered nothing, or none is named where there are several and it must be one ``alone``.
    """
    from caseback.watch.store.read import models

    there = models(found.store)
    if model and model not in there:
        raise CasebackError(f"model {model!r} has answered nothing; there are: {', '.join(there) or 'none yet'}")
    if alone and not model and len(there) > 1:
        raise CasebackError(f"several models answered, {', '.join(there)}: say with --model which the dossier is of")
    return model or (there[0] if alone and there else None)


def _recorded(into: Path, rows: "list[LiveRate]") -> list[str]:
    from caseback.disclosure.read_card import dossier_in
    from caseback.dossier import open_dossier, read_dossier
    from caseback.watch.rates.record import record_rates

    folder = dossier_in(into)
    read_dossier(folder).close()  # a new one is not begun by a slip of the pen
    with open_dossier(folder) as dossier:
        return [record.id for record in record_rates(dossier, rows)]


def keep_missing(found: Opened) -> None:
    """Keeps the calibrations of detectors at work that the store does not have yet."""
    from caseback.watch.alerts.round import keep_calibrations

    [row] = found.store.query(
        "SELECT COUNT(*) AS n FROM detectors WHERE digest NOT IN (SELECT digest FROM calibrations)"
    )
    if row["n"]:
        keep_calibrations(found.store, found.watching())


def _told(each: "Estimate") -> str:
    if each.value is None:
        return f"cannot tell: {each.why}" if each.why else "cannot tell"
    return f"{each.value:.2g} [{each.low:.2g}, {each.high:.2g}]"


def _coverage(row: "LiveRate") -> str:
    return "nothing yet" if row.counts.coverage is None else f"{row.counts.coverage:.1%}"


def _when(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M")
