"""``caseback studio``: one place where a person looks."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from caseback.errors import CasebackError

PASSWORD = "CASEBACK_STUDIO_PASSWORD"


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
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open it in a browser.")] = True,
) -> None:
    """Look at everything in one place: the loop, the constitution, inside, audits, games, live use, disclosures.

    Prints a link that lets one person in, once; the session lasts twelve hours. Who has the password comes in at any
    time. Pages are views of files that other commands wrote, and nothing else: put .json behind the path of a page for
    its data. Everything is served from this machine, and nothing is asked of any other. Ctrl-C ends it.

    Examples:

      caseback studio

      caseback studio runs --export site

      CASEBACK_STUDIO_PASSWORD=… caseback studio runs --host 0.0.0.0 --port 8600
    """
    from caseback.studio.app import studio as application
    from caseback.studio.desk import Desk
    from caseback.studio.door import Door
    from caseback.studio.serve import LOOPBACK, address_of, bound, hosts_for, serve

    console = Console(highlight=False, soft_wrap=True)
    if not folder.is_dir():
        raise CasebackError(f"no folder {str(folder)!r}: give one that `caseback run` and the others wrote into")
    desk = Desk(folder)
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
