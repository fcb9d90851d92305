"""What ``caseback watch`` is told, by a file or by options."""

import json
import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from caseback.errors import CasebackError

if TYPE_CHECKING:
    from caseback.watch.configuration import Configuration

FILE = Path("watch.toml")
Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="The file that says what to watch.", show_default="watch.toml")
]
HEAD = "# Written by `caseback watch` from its options; edit it and start with --config.\n"


def settled(
    config: Path | None, upstream: str, model: str, detectors: Sequence[Path], listen: str, folder: Path | None
) -> "Configuration":
    """The configuration in the file, or the one that the options say, which is then written to the folder.

    Raises:
        CasebackError: both were given, or what was given is wrong.
    """
    from caseback.dossier.disk import replaced
    from caseback.watch.configuration import read_configuration

    if not (upstream or model):
        if detectors or listen or folder:
            raise CasebackError(
                "--detector, --listen and --folder go with --upstream or --model: give one, or write them into the file"
            )
        return read_configuration(config or FILE)
    if config:
        raise CasebackError("give either --config or --upstream or --model: one of them says what to watch")
    place = (folder or Path("watched")).absolute()
    # A folder is written down as such, wherever the file lies.
    behind = {"upstream": upstream, "model": str(Path(model).absolute()) if model and Path(model).is_dir() else model}
    lines = [*(f"{name} = {_text(value)}" for name, value in behind.items() if value), 'folder = "."']
    lines += [f"listen = {_text(listen)}"] if listen else []
    for each in detectors:
        lines += ["", "[[detector]]", f"folder = {_text(str(each.absolute()))}", 'policy = "flag"']
    try:
        place.mkdir(parents=True, exist_ok=True)
        file = place / FILE
        if file.exists() and not file.read_text(encoding="utf-8").startswith(HEAD):
            raise CasebackError(f"{file}: there is one that was written by hand: start with --config {file}")
        replaced(file, HEAD + "\n".join(lines) + "\n")
    except OSError as error:
        raise CasebackError(f"{place}: cannot be written ({error.strerror}); name another with --folder") from None
    return read_configuration(file)


def _text(value: str) -> str:
    """A basic string of TOML, which JSON's are, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def end_with_parent() -> None:
    """Ends this process in order when the one that started it dies."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=look, daemon=True).start()
