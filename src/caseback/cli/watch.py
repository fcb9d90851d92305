"""``caseback watch``: serve, and write down what went."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from caseback.cli.group import group
from caseback.cli.watch_alerts import app as alerts
from caseback.cli.watch_audit import app as audit
from caseback.cli.watch_held import app as held
from caseback.cli.watch_incidents import app as incidents
from caseback.cli.watch_keys import app as keys
from caseback.cli.watch_otel import otel
from caseback.cli.watch_rates import rates
from caseback.cli.watch_settings import Config, settled
from caseback.cli.watch_store import app as store
from caseback.cli.watch_write import write

app = group(
    help="Stand in front of a model server: pass everything on, write it down, score it.", no_args_is_help=False
)
app.add_typer(keys, name="keys")
app.add_typer(held, name="held")
app.command()(rates)
app.add_typer(audit, name="audit")
app.add_typer(incidents, name="incidents")
app.add_typer(alerts, name="alerts")
app.add_typer(store, name="store")
app.command()(write)
app.command()(otel)


@app.callback(invoke_without_command=True)
def watch(
    context: typer.Context,
    config: Config = None,
    upstream: Annotated[
        str, typer.Option(help="Address of the OpenAI-compatible server to stand in front of, as http://127.0.0.1:8000")
    ] = "",
    detector: Annotated[
        list[Path] | None, typer.Option(help="Folder of a detector; may be given several times. Its policy is flag.")
    ] = None,
    listen: Annotated[str, typer.Option(help="Address to listen on.", show_default="127.0.0.1:8100")] = "",
    folder: Annotated[
        Path | None, typer.Option(help="Folder for the journal and the store.", show_default="watched")
    ] = None,
    no_writer: Annotated[
        bool, typer.Option("--no-writer", help="Serve alone; `caseback watch write` runs elsewhere, or later.")
    ] = False,
) -> None:
    """Stand in front of a model server: pass everything on, write it down, score it.

    Point OpenAI clients at the address that is printed, with /v1 behind it. Bytes pass unchanged both ways; each
    exchange is in the journal before its client has the last byte; a writer beside the gateway scores it and puts it
    into the store. What it does is told by a file, watch.toml in this folder unless another is named, or by options,
    which are then written to watch.toml in the folder of the journal.

    Example: caseback watch --upstream http://127.0.0.1:8000 --detector insults
    """
    if context.invoked_subcommand is not None:
        return
    import uvloop

    from caseback.watch.gateway.serve import serve

    configuration = settled(config, upstream, detector or [], listen, folder)
    if configuration.keys is None:
        _say("no keys: only this machine may use it (make keys with `caseback watch keys new NAME`)")

    def ready(address: str) -> None:
        _say(f"listening on {address}, in front of {configuration.upstream or configuration.model}")

    if configuration.model:
        from caseback.cli.watch_embedded import embedded

        with embedded(configuration) as answers:
            uvloop.run(serve(configuration, ready, writer=not no_writer, answers=answers, serves=answers.serves))
    else:
        uvloop.run(serve(configuration, ready, writer=not no_writer))
    _say("ended in order")


@app.command()
def check(config: Config = None) -> None:
    """Read the file that says what to watch, load its detectors, and say what would be done.

    Example: caseback watch check
    """
    from caseback.watch.configuration import watching

    configuration = settled(config, "", [], "", None)
    for each in configuration.detectors:
        found = watching(each, configuration.file)
        typer.echo(f"{found.detector.name}: {found.policy} above {found.threshold:g}, id {found.digest[:12]}…")
    behind = configuration.upstream or configuration.model
    typer.echo(f"{configuration.file}: {configuration.host}:{configuration.port}, in front of {behind}")


def _say(text: str) -> None:
    print(f"caseback: {text}", file=sys.stderr, flush=True)
