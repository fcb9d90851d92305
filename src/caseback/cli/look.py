"""``caseback look``: what a model computes, read, changed and compared."""

from caseback.cli.group import group
from caseback.cli.look_capture import capture
from caseback.cli.look_chat import chat
from caseback.cli.look_diff import diff
from caseback.cli.look_direction import direction
from caseback.cli.look_fit import fit
from caseback.cli.look_forecast import app as forecast
from caseback.cli.look_introspect import account, introspect
from caseback.cli.look_label import label
from caseback.cli.look_patch import patch
from caseback.cli.look_pretending import pretending
from caseback.cli.look_screen import screen
from caseback.cli.look_steer import steer
from caseback.cli.look_trace import trace, transcoders

app = group(
    help="Look inside a model: read what it computes, change it, compare it, foretell what it will do.",
)


@app.callback()
def look() -> None:
    """Look inside a model: read what it computes, change it, compare it, foretell what it will do."""


app.command()(capture)
app.command()(fit)
app.command()(direction)
app.command()(steer)
app.command()(label)
app.command()(chat)
app.command()(introspect)
app.command()(account)
app.command()(screen)
app.command()(transcoders)
app.command()(trace)
app.command()(patch)
app.command()(diff)
app.command()(pretending)
app.add_typer(forecast, name="forecast")
