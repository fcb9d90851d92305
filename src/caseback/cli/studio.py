"""``caseback studio``: one place where a person looks."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch loads only where a model is named
    from caseback.studio.desk import Gateway
    from caseback.studio.reader import Reader

PASSWORD, KEY = "CASEBACK_STUDIO_PASSWORD", "CASEBACK_STUDIO_GATEWAY_KEY"


def studio(
    folder: Annotated[Path, typer.Argument(help="Searched for dossiers, audits, games, looks, stores.")] = Path("runs"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    host: Annotated[str, typer.Option(help="Where to listen. Any but this machine needs a password.")] = "127.0.0.1",
    name: Annotated[
        list[str] | None, typer.Option(help="Host name that it is asked for under, beside addresses. May be repeated.")
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(help=f"File with the password. Default: the variable {PASSWORD}.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write all pages into this folder, to be opened without a server, and end.")
    ] = None,
    store: Annotated[
        list[str] | None,
        typer.Option(help="Live store beside those in FOLDER: a path or postgresql://…, or NAME=… . May be repeated."),
    ] = None,
    gateway: Annotated[
        str, typer.Option(help=f"Gateway to chat through, such as http://127.0.0.1:8100; its key is in {KEY}.")
    ] = "",
    model: Annotated[str, typer.Option(help="Model to read texts with and to steer: a folder, hub id or name.")] = "",
    direction: Annotated[
        list[str] | None, typer.Option(help="With --model: folder of a direction, or NAME=FOLDER. May be repeated.")
    ] = None,
    dictionary: Annotated[
        list[Path] | None, typer.Option(help="With --model: folder of a dictionary. May be repeated.")
    ] = None,
    latent: Annotated[
        list[int] | None, typer.Option(help="With --dictionary: a latent of it. May be repeated.")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open it in a browser.")] = True,
) -> None:
    """Look at everything in one place: the loop, the constitution, inside, audits, games, live use, disclosures.

    Prints a link that lets one person in, once; the session lasts twelve hours. Who has the password comes in at any
    time. Pages are views of files that other commands wrote, and nothing else: put .json behind the path of a page for
    its data. Everything is served from this machine, and nothing is asked of any other. Ctrl-C ends it.

    Examples:

      caseback studio

      caseback studio runs --export site

      caseback studio runs --model ref-aligned --direction runs/directions/harm --gateway http://127.0.0.1:8100

      CASEBACK_STUDIO_PASSWORD=… caseback studio runs --host 0.0.0.0 --port 8600
    """
    from caseback.studio.app import studio as application
    from caseback.studio.desk import Desk
    from caseback.studio.door import Door
    from caseback.studio.serve import LOOPBACK, address_of, bound, hosts_for, serve
    from caseback.studio.stores import Stores, named_stores

    console = Console(highlight=False, soft_wrap=True)
    if not folder.is_dir():
        raise CasebackError(f"no folder {str(folder)!r}: give one that `caseback run` and the others wrote into")
    reader = _reader(model, direction or [], dictionary or [], latent or [])
    desk = Desk(folder, Stores(named_stores(store or [])), reader, _gateway(gateway))
    if export is not None:
        from caseback.studio.export import export_pages

        console.print(f"{export_pages(desk, export)} files in {export}; open {export / 'index.html'}")
        return
    password = _password(password_file)
    if host not in LOOPBACK and not password:
        raise CasebackError(f"--host {host} lets others ask: give a password (--password-file, or {PASSWORD})")
    door = Door(password)
    listening = bound(host, port)
    address = address_of(listening, host)
    link = f"{address}/login?token={door.link}"

    def begun() -> None:
        console.print(link, style="bold")
        console.print("This link lets one person in, once. Ctrl-C ends the studio.", style="dim")
        if host not in LOOPBACK:
            console.print("What goes over the network is not encrypted: put a proxy with TLS before it.", style="dim")
        if browser:
            import webbrowser

            webbrowser.open(link)

    serve(application(desk, door, hosts_for(host, tuple(name or ()))), listening, begun)
    console.print("\nstopped")


def _gateway(address: str) -> "Gateway | None":
    """The gateway at an address, with the key from the environment.

    Raises:
        CasebackError: it is no address.
    """
    from caseback.studio.desk import Gateway
    from caseback.studio.render import is_web

    if not address:
        return None
    if not is_web(address):
        raise CasebackError(f"--gateway {address} is no address: give one such as http://127.0.0.1:8100")
    return Gateway(address.rstrip("/").removesuffix("/v1"), os.environ.get(KEY, ""))


def _reader(model: str, directions: list[str], dictionaries: list[Path], latents: list[int]) -> "Reader | None":
    """The model with what it is read by.

    Raises:
        CasebackError: something is to be read, and no model is named; or what loading refuses.
    """
    if not model:
        if directions or dictionaries or latents:
            raise CasebackError("--direction, --dictionary and --latent need a model to read with: give --model")
        return None
    from caseback.cli.look_chat import read_dials
    from caseback.cli.models import load_named
    from caseback.studio.reader import Reader

    subject = load_named(model)
    return Reader(subject, read_dials(subject, directions, dictionaries, latents))


def _password(file: Path | None) -> str | None:
    """The password from the file, or else from the environment; None without one.

    Raises:
        CasebackError: it cannot be read, or is empty.
    """
    if file is None:
        return os.environ.get(PASSWORD) or None
    try:
        password = file.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, ValueError) as error:
        raise CasebackError(f"{file}: no password can be read there ({error})") from None
    if not password:
        raise CasebackError(f"{file} is empty: write a password into it")
    return password
