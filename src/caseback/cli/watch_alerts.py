"""``caseback watch alerts``: what is amiss, who has taken it on, and the rounds that find it."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from caseback.cli.group import group
from caseback.cli.watch_audit import KEY, read_key
from caseback.cli.watch_opened import Config, Json, Opened, Stored, Who, opened, printed
from caseback.cli.watch_settings import end_with_parent
from caseback.cli.watch_text import plain

if TYPE_CHECKING:
    from caseback.watch.alerts.ledger import Alert
    from caseback.watch.alerts.round import Done

NICE = 10
"""Beside a gateway the rounds take what the others leave of a busy processor."""

Id = Annotated[str, typer.Argument(help="The alert's id, or how it begins.")]

app = group(
    help="Alerts: on bounds and not on counts, on change, coverage, failures, gaps, lag. \\[alerts] in watch.toml says "
    "when, and whom to tell."
)


@app.command(name="list")
def listed(
    config: Config = None,
    store: Stored = "",
    everything: Annotated[bool, typer.Option("--all", help="Those that are resolved, too.")] = False,
    as_json: Json = False,
) -> None:
    """List open alerts, and how many messages were taken, wait, or were given up.

    Exit status: 1 where any is open.

    Example: caseback watch alerts list
    """
    from dataclasses import asdict

    from caseback.watch.alerts.deliver import undelivered
    from caseback.watch.alerts.ledger import alerts

    with opened(config, store) as found:
        rows, told = alerts(found.store, "all" if everything else "open"), undelivered(found.store)
    if as_json:
        printed({"alerts": [asdict(row) for row in rows], "deliveries": told})
    else:
        for row in rows:
            typer.echo(f"{row.id}  {_when(row.opened)}  {row.severity}  {_stands(row)}  {plain(row.summary)}")
        for name, counts in told.items():
            typer.echo(f"told {name}: {', '.join(f'{n} {what}' for what, n in counts.items())}")
        if not rows:
            typer.echo("no alerts")
    raise typer.Exit(any(row.resolved is None for row in rows))


@app.command()
def ack(id: Id, who: Who, config: Config = None, store: Stored = "") -> None:
    """Say that you have taken an alert on. The first who does stands.

    Example: caseback watch alerts ack 3fa2 --who ann
    """
    from caseback.watch.alerts.ledger import acknowledge

    with opened(config, store) as found:
        got = acknowledge(found.store, id, who, time.time())
    typer.echo(f"{got.id}: taken on by {got.acknowledged_by}")


@app.command()
def resolve(id: Id, who: Who, config: Config = None, store: Stored = "") -> None:
    """End an alert. It is raised again only once its condition has been away and comes back.

    Of one on a budget the evidence begins anew.

    Example: caseback watch alerts resolve 3fa2 --who ann
    """
    from caseback.watch.alerts.ledger import resolve as resolved
    from caseback.watch.alerts.rules import rules_of

    with opened(config, store) as found:
        got = resolved(found.store, id, who, time.time(), rules_of(found.table("alerts")).receivers)
    typer.echo(f"{got.id}: resolved by {got.resolved_by or 'itself'}")


@app.command()
def check(config: Config = None, store: Stored = "", as_json: Json = False) -> None:
    """One round: draw for audit, group what was flagged, judge traces as a whole, look for what is amiss, tell it.

    Example: caseback watch alerts check
    """
    from dataclasses import asdict

    with opened(config, store) as found:
        [done] = _rounds(found, None)
    if as_json:
        printed(asdict(done))
        return
    _say(done)


@app.command()
def run(
    config: Config = None,
    store: Stored = "",
    every: Annotated[float, typer.Option(min=1, help="Seconds between rounds.")] = 15.0,
    beside_gateway: Annotated[
        bool, typer.Option("--beside-gateway", hidden=True, help="End when the process that started it dies.")
    ] = False,
) -> None:
    """Rounds, one after the other, until it is stopped. A store that is away is tried again.

    `caseback watch` starts this by itself.

    Example: caseback watch alerts run
    """
    if beside_gateway:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both, and the gateway says when
        end_with_parent()
        os.nice(NICE)
    with opened(config, store) as found:
        for done in _rounds(found, every):
            if done.drawn or done.incidents or done.alerts or done.delivered.failed or done.delivered.given_up:
                _say(done)


def _rounds(found: Opened, every: float | None) -> "Iterator[Done]":
    """One round, or one each ``every`` seconds."""
    from caseback.watch.alerts.round import keep_calibrations, one_round
    from caseback.watch.alerts.rules import rules_of
    from caseback.watch.rates.designs import current_design
    from caseback.watch.store.store import StoreAwayError

    rules, watching, configuration = rules_of(found.table("alerts")), found.watching(), found.configuration
    journal = configuration.journal if configuration else None
    key_file = configuration.folder / KEY if configuration else None
    while True:
        begun = time.monotonic()
        try:
            keep_calibrations(found.store, watching)
            drawing = key_file is not None and current_design(found.store) is not None
            key = partial(read_key, key_file) if drawing and key_file is not None else None
            yield asyncio.run(one_round(found.store, rules, watching, time.time(), key=key, journal=journal))
        except StoreAwayError as error:
            if every is None:
                raise
            print(f"caseback: {error}; tried again in {every:g} s", file=sys.stderr)
        if every is None:
            return
        took = time.monotonic() - begun
        time.sleep(max(every - took, took))  # a long round must not keep a core busy for good


def _say(done: "Done") -> None:
    told = done.delivered
    print(
        f"{done.drawn} drawn for audit, {done.incidents} new incidents, {len(done.alerts)} new alerts; "
        f"told {told.taken}, failed {told.failed}, given up {told.given_up}",
        file=sys.stderr,
    )
    for alert in done.alerts:
        typer.echo(f"{alert.id}  {alert.severity}  {plain(alert.summary)}")


def _stands(row: "Alert") -> str:
    if row.resolved is not None:
        return f"resolved by {row.resolved_by or 'itself'}"
    return f"taken on by {row.acknowledged_by}" if row.acknowledged is not None else "open"


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")
