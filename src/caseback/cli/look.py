"""``caseback look``: look inside a model."""

import typer

from caseback.cli.look_capture import capture
from caseback.cli.look_fit import fit

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Look inside a model: capture its activations, and fit dictionaries on them.",
)
app.command()(capture)
app.command()(fit)
