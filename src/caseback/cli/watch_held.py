"""``caseback watch held``: replies that wait for a person."""

import getpass
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.group import group
from caseback.cli.watch_settings import FILE, Config
from caseback.cli.watch_text import told

if TYPE_CHECKING:
    from caseback.watch.gateway.held import Held

app = group(help="Replies that a detector held: look at them, release or refuse them.")
Id = Annotated[str, typer.Argument(help="Id of the exchange, as `caseback watch held list` has it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]
By = Annotated[str, typer.Option(help="Who decides.", show_default="the user of this machine")]
Why = Annotated[str, typer.Option(help="In a sentence.")]


@app.command(name="list")
def list_held(
    all: Annotated[bool, typer.Option("--all", help="Those that were decided, too.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List the replies that wait.

    Example: caseback watch held list
    """
    from caseback.watch.gateway.held import all_held

    found = [each for each in all_held(_folder(config)) if all or each.decision is None]
    if as_json:
        typer.echo(json.dumps([_plain(each) for each in found], indent=1))
        return
    table = Table("id", "since", "client", "detectors", "", box=None, header_style="bold")
    for each in found:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(each.carried.time))
        named = ", ".join(one.detector for one in each.carried.verdicts if one.flagged)
        table.add_row(each.carried.id, since, each.carried.client, named, each.word)
    Console(highlight=False, markup=False, soft_wrap=True).print(table)


@app.command()
def show(id: Id, config: Config = None, as_json: Json = False) -> None:
    """Show what was asked and the reply that waits.

    Example: caseback watch held show 019ad3f2c1000000a1b2c3d4e5f6
    """
    from caseback.watch.exchange import exchange_of
    from caseback.watch.gateway.held import held

    found = held(_folder(config), id)
    if as_json:
        typer.echo(json.dumps({**_plain(found), "messages": list(exchange_of(found.carried).messages)}, indent=1))
        return
    for message in exchange_of(found.carried).messages:
        typer.echo(f"--- {told(message)}")
    for each in found.carried.verdicts:
        said = each.scored.why if each.scored.score is None else f"{each.scored.score:.3g}"
        typer.echo(f"{each.detector}: {said} (threshold {each.threshold:.3g}, {each.policy})")
    typer.echo(found.word)


@app.command()
def release(id: Id, by: By = "", why: Why = "", config: Config = None) -> None:
    """Let the client have the reply, which it fetches at /v1/held/ID. This stands.

    Example: caseback watch held release 019ad3f2c1000000a1b2c3d4e5f6 --why "a quotation"
    """
    _decide(id, "released", by, why, config)


@app.command()
def refuse(id: Id, by: By = "", why: Why = "", config: Config = None) -> None:
    """Never let the client have the reply. This stands.

    Example: caseback watch held refuse 019ad3f2c1000000a1b2c3d4e5f6
    """
    _decide(id, "refused", by, why, config)


def _decide(id: str, word: Literal["released", "refused"], by: str, why: str, config: Path | None) -> None:
    from caseback.watch.gateway.held import decide

    decide(_folder(config), id, word, by or getpass.getuser(), why)
    typer.echo(f"{id}: {word}")


def _folder(config: Path | None) -> Path:
    from caseback.watch.configuration import read_configuration

    return read_configuration(config or FILE).held


def _plain(held: "Held") -> dict[str, Any]:
    carried = held.carried
    return {
        "id": carried.id,
        "time": carried.time,
        "client": carried.client,
        "trace": carried.trace,
        "agent": carried.agent,
        "state": held.word,
        "decision": asdict(held.decision) if held.decision else None,
        "verdicts": [asdict(each) for each in carried.verdicts],
    }
