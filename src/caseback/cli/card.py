"""``caseback card``: the page of a dossier."""

from pathlib import Path
from typing import Annotated

import typer

from caseback.disclosure import write_card
from caseback.dossier import read_dossier


def card(
    dossier: Annotated[Path, typer.Argument(help="The dossier's folder.")],
    out: Annotated[
        Path | None, typer.Option(help="The HTML file.", show_default="card.html in the dossier's folder")
    ] = None,
) -> None:
    """Write the card of a dossier: one HTML file to read and send, and the same as JSON beside it.

    The card is a view of the records: it can be written again at any time and says the same.
    """
    with read_dossier(dossier) as opened:
        typer.echo(f"wrote {write_card(opened, out)}")
