"""``caseback watch otel``: what the store holds, told to a collector of OpenTelemetry."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from caseback.cli.watch_settings import FILE, Config

BATCH = 500
"""Exchanges sent together."""
LOOK, AGAIN = 1.0, 5.0
"""Seconds between looks for new exchanges, and before a collector that is away is tried again."""


def otel(
    endpoint: Annotated[
        str, typer.Option(help="Address of a collector that takes OTLP over HTTP in JSON.")
    ] = "http://127.0.0.1:4318",
    header: Annotated[
        list[str] | None, typer.Option(help="NAME=VARIABLE: a header, and the environment variable with its value.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Send what is there, and end.")] = False,
    config: Config = None,
) -> None:
    """Tell a collector of OpenTelemetry of every exchange in the store, with tokens, times and verdicts, and no text.

    How far it is stands in the folder of the journal; started again it goes on from there.

    Example: caseback watch otel --endpoint http://127.0.0.1:4318
    """
    from caseback.watch.configuration import read_configuration
    from caseback.watch.otel import AwayError, checked_endpoint, send
    from caseback.watch.store.opening import open_store
    from caseback.watch.store.read import since, verdicts_of
    from caseback.watch.store.store import StoreAwayError

    configuration = read_configuration(config or FILE)
    address, headers = checked_endpoint(endpoint), _headers(header or [])
    place = configuration.folder / "otel.json"
    number, said = _position(place, address), ""
    store = open_store(configuration.store, make=False)
    try:
        while True:
            try:
                found = since(store, number, BATCH)
                if found:
                    send(address, [(each, verdicts_of(store, each.number)) for each in found], headers)
                    number = found[-1].number
                    _keep(place, address, number)
                    said = ""
            except (AwayError, StoreAwayError) as error:
                if once:
                    raise
                if not said:
                    said = str(error)
                    print(f"caseback: {said}", file=sys.stderr, flush=True)
                time.sleep(AGAIN)
                continue
            if not found:
                if once:
                    typer.echo(f"{address}: has all of it, up to exchange {number}")
                    return
                time.sleep(LOOK)
    finally:
        store.close()


def _headers(given: list[str]) -> dict[str, str]:
    from caseback.errors import CasebackError

    found = {}
    for each in given:
        name, _, variable = each.partition("=")
        if not name or not os.environ.get(variable):
            raise CasebackError(f"--header {each!r:.60}: give NAME=VARIABLE, and set that environment variable")
        found[name] = os.environ[variable]
    return found


def _position(place: Path, address: str) -> int:
    from caseback.errors import CasebackError

    try:
        return int(json.loads(place.read_bytes()).get(address, 0))
    except FileNotFoundError:
        return 0
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise CasebackError(f"{place}: damaged ({error}); delete it to send all again") from None


def _keep(place: Path, address: str, number: int) -> None:
    from caseback.dossier.disk import replaced
    from caseback.errors import CasebackError

    try:
        was = json.loads(place.read_bytes()) if place.exists() else {}
        replaced(place, json.dumps({**was, address: number}))
    except OSError as error:
        raise CasebackError(f"{place}: cannot be written ({error.strerror})") from None
