"""A group of commands, set up as all of ours are."""

from typing import Any

import typer


def group(help: str, **options: Any) -> typer.Typer:
    """A group that shows its help where no command is given; ``options`` are Typer's own."""
    return typer.Typer(
        **{"no_args_is_help": True, **options},
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help=help,
    )
