"""``caseback watch rates``: rates of live traffic with bounds that hold whenever one looks."""

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from caseback.cli.watch_opened import Config, Json, Opened, Stored, opened, printed

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
    as_json: Json = False,
) -> None:
    """How often each behaviour shows in live traffic, with bounds that hold at every time at once.

    What is counted are tasks: a trace once, however many exchanges it has, and each exchange without one. There are
    three rates: from audits alone, which take nothing for granted of a detector; from flags, corrected by the
    detector's calibration; and from both. The last column bounds the rate in all traffic: from nothing that was not
    evaluated being a violation to all of it.

    Example: caseback watch rates --every day
    """
    from dataclasses import asdict

    from rich.console import Console
    from rich.table import Table

    from caseback.watch.rates.live import live_rates

    begun = since.replace(tzinfo=UTC).timestamp() if since else 0.0
    with opened(config, store) as found:
        keep_missing(found)
        rows = live_rates(
            found.store, time.time(), by=by, width=SPANS[every] if every else None, since=begun, which=detector or None
        )
    if as_json:
        printed([{**asdict(row), "coverage": row.counts.coverage, "best": asdict(row.best)} for row in rows])
        return
    table = Table("detector", *(["of"] if by else []), *(["from"] if every else []), "audits", "flags", "both",
                  "tasks", "coverage", "all traffic", box=None, header_style="bold")  # fmt: skip
    for row in rows:
        named = [row.group.value] if by else []
        when = [_when(row.since)] if every else []
        table.add_row(row.detector, *named, *when, *(_told(each) for each in (row.audits, row.flags, row.both)),
                      str(row.counts.tasks), _coverage(row), f"{row.of_all[0]:.2g} to {row.of_all[1]:.2g}")  # fmt: skip
    for column in table.columns:
        column.no_wrap = True
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(table if rows else "no detector has had its say yet")
    for row in rows:
        for name, each in (("audits", row.audits), ("flags", row.flags)):
            if each.why and not (by or every):
                console.print(f"{row.detector}, {name}: {each.why}")
        if row.counts.gaps and not (by or every):
            console.print(f"{row.detector}: {row.counts.gaps} gaps of which nobody knows how many exchanges they held")


def keep_missing(found: Opened) -> None:
    """Keeps the calibrations of detectors at work that the store does not have yet."""
    from caseback.watch.alerts.round import keep_calibrations

    [row] = found.store.query(
        "SELECT COUNT(*) AS n FROM detectors WHERE digest NOT IN (SELECT digest FROM calibrations)"
    )
    if row["n"]:
        keep_calibrations(found.store, found.watching())


def _told(each: "Estimate") -> str:
    return "cannot tell" if each.value is None else f"{each.value:.2g} [{each.low:.2g}, {each.high:.2g}]"


def _coverage(row: "LiveRate") -> str:
    return "nothing yet" if row.counts.coverage is None else f"{row.counts.coverage:.1%}"


def _when(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M")
