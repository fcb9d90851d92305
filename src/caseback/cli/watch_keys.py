"""``caseback watch keys``: who may use the gateway."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.group import group
from caseback.cli.watch_settings import FILE, Config

app = group(help="Keys of clients: make one, list them, revoke one.")
File = Annotated[
    Path | None, typer.Option("--keys", help="File of keys.", show_default="the one that watch.toml names")
]


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the client; it stands beside all that it asks.")],
    scores: Annotated[bool, typer.Option("--scores", help="It may see the scores of tokens.")] = False,
    metrics: Annotated[bool, typer.Option("--metrics", help="It may read /metrics, which names the others.")] = False,
    per_minute: Annotated[
        float | None, typer.Option(help="Requests a minute that it may make.", show_default="no limit")
    ] = None,
    config: Config = None,
    keys: File = None,
) -> None:
    """Make a key and print it. It is told this once: the file holds a salted hash.

    Example: caseback watch keys new notebook --per-minute 60
    """
    from caseback.watch.gateway.keys import new_key

    file = _file(config, keys)
    typer.echo(new_key(file, name, scores=scores, metrics=metrics, per_minute=per_minute))
    typer.echo(f"caseback: kept in {file} as a salted hash; this is the one time that it is shown", err=True)


@app.command(name="list")
def list_keys(
    config: Config = None,
    keys: File = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the clients.

    Example: caseback watch keys list
    """
    from caseback.watch.gateway.keys import read_keys

    found = read_keys(_file(config, keys))
    if as_json:
        shown = ("name", "id", "made", "scores", "metrics", "per_minute", "revoked")
        typer.echo(json.dumps([{name: getattr(each, name) for name in shown} for each in found], indent=1))
        return
    table = Table("client", "made", "may", "a minute", "", box=None, header_style="bold")
    for each in found:
        may = [word for word, has in (("scores", each.scores), ("metrics", each.metrics)) if has]
        rate = "any" if each.per_minute is None else f"{each.per_minute:g}"
        table.add_row(
            each.name, _day(each.made), ", ".join(may), rate, f"revoked {_day(each.revoked)}" if each.revoked else ""
        )
    Console(highlight=False, markup=False).print(table)


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="Name of the client.")], config: Config = None, keys: File = None
) -> None:
    """Revoke a client's key. Gateways at work see it within two seconds.

    Example: caseback watch keys revoke notebook
    """
    from caseback.watch.gateway.keys import revoke_key

    revoke_key(_file(config, keys), name)
    typer.echo(f"{name}: revoked")


def _file(config: Path | None, keys: Path | None) -> Path:
    from caseback.errors import CasebackError
    from caseback.watch.configuration import read_configuration

    if keys is not None:
        return keys
    configuration = read_configuration(config or FILE)
    if configuration.keys is None:
        raise CasebackError(f'{configuration.file}: keys is not set: write keys = "keys.json" there, or give --keys')
    return configuration.keys


def _day(at: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(at))
