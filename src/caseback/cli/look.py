"""``caseback look``: what a model computes, and what training changed in it."""

import typer

from caseback.cli.look_trace import trace, transcoders

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Look inside a model: what it computes, what training changed, what it will do.",
)


@app.callback()
def look() -> None:
    """Look inside a model: what it computes, what training changed, what it will do."""


app.command()(transcoders)
app.command()(trace)
