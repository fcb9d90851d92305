"""``caseback character``: whether the intended character took hold, and what made it."""

import typer

from caseback.cli.acting import acting
from caseback.cli.adherence import adherence
from caseback.cli.conflicts import conflicts
from caseback.cli.depth import agree, depth
from caseback.cli.steadiness import steadiness
from caseback.cli.study import study

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
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
