"""``caseback look …``: what a model computes, read, changed and compared."""

import typer

from caseback.cli.look_direction import direction
from caseback.cli.look_steer import steer

app = typer.Typer(
    help="Look inside a model: read what it computes, change it, and see what follows.", no_args_is_help=True
)
app.command()(direction)
app.command()(steer)
