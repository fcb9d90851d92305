"""What ``--help`` says is what was written: rich reads square brackets as markup, and would swallow them."""

import re
from collections.abc import Iterator

import click
import pytest
from rich.text import Text
from typer.main import get_command

from caseback.cli.main import app


def options(command: click.Command, path: str) -> Iterator[tuple[str, str]]:
    """What a command and each of its parameters says, under what a user would type."""
    context = click.Context(command)
    if command.help:
        yield f"{path} --help", command.help
    for parameter in command.params:
        if text := getattr(parameter, "help", None):
            yield f"{path} {parameter.name}", text
    if hasattr(command, "list_commands"):
        for name in command.list_commands(context):
            yield from options(command.get_command(context, name), f"{path} {name}")


MARKUP = r"\[(bold|cyan|/)\]"
"""Tags that are meant as such."""
ALL = dict(options(get_command(app), "caseback"))


def test_there_are_options_to_look_at() -> None:
    assert len(ALL) > 200
    assert "caseback plant library out" in ALL
    assert "caseback audit base" in ALL
    assert "caseback watch incidents review --help" in ALL


@pytest.mark.parametrize("where", ALL)
def test_nothing_of_a_help_text_is_swallowed(where: str) -> None:
    plain = Text.from_markup(ALL[where]).plain
    assert plain == re.sub(MARKUP, "", ALL[where]).replace(r"\[", "[")
