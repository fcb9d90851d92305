"""``caseback character``: whether the intended character took hold, and what made it."""

from caseback.cli.acting import acting
from caseback.cli.adherence import adherence
from caseback.cli.conflicts import conflicts
from caseback.cli.depth import agree, depth
from caseback.cli.group import group
from caseback.cli.steadiness import steadiness
from caseback.cli.study import study

app = group(
    help="Whether the intended character took hold in a trained model, how deep, and what made it.",
)


@app.callback()
def character() -> None:
    """Whether the intended character took hold in a trained model, how deep, and what made it."""


app.command()(study)
app.command()(adherence)
app.command()(steadiness)
app.command()(conflicts)
app.command()(acting)
app.command()(depth)
app.command()(agree)
