"""Options of commands whose work is shared out: among processes, here or on many machines."""

from typing import Annotated

import typer

Workers = Annotated[int, typer.Option(min=1, help="Processes that share the models out; one a core is about right.")]
Ray = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="Of a Ray cluster whose machines have these folders at the same places: workers are its own.",
        show_default="workers are processes here",
    ),
]
