"""The ``caseback`` commands that pages show, and whether the command line would take them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.main import get_command

from caseback.cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "models" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHELL = re.compile(r"```(?:sh|text|shell|bash|console)\n(.*?)```", re.DOTALL)
INDENTED = re.compile(r"^ {4}(.*)$", re.MULTILINE)
QUOTED = re.compile(r"(?<!`)`(caseback [^`]+)`(?!`)")
COMMAND = re.compile(r"(?:^|\| *|\$ )(?:\.venv/bin/)?caseback( .*)?$")

USAGE_ERROR = typer.BadParameter.__mro__[1]
"""Of click, which some versions of typer bring along under another name."""


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in one language."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def commands(page: Path) -> Iterator[tuple[list[str], bool]]:
    """The words after ``caseback`` of every command on a page; and whether it is whole, as in a block, or only named,
    as in a sentence, where arguments may be left out."""
    text = page.read_text(encoding="utf-8")
    shown = [line for block in SHELL.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    shown += INDENTED.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in shown:
        if match := COMMAND.search(line):
            yield _words(match[1] or ""), True
    for line in QUOTED.findall(text):
        yield _words(line)[1:], False


def _words(line: str) -> list[str]:
    """Up to a comment, pipe or redirection; ``<a placeholder>`` is a word, and brackets around what may be left out and
    three dots fall away."""
    plain = re.sub(r"[][…]", "", re.sub(r"<[^<>]*>", "PLACEHOLDER", re.sub(r"(^|\s)#.*", "", line)))
    words = shlex.split(plain)
    return words[: next((at for at, word in enumerate(words) if word in (">", "|", "&&")), None)]


def refused(words: list[str], whole: bool = True) -> str:
    """Why the command line would not take these words, in its own parsing; empty where it would. Nothing is run.

    Commands, options, values of options and how many arguments there are, but no files.
    """
    command, context, left = get_command(app), None, list(words)
    while hasattr(command, "get_command"):
        context = command.context_class(command, parent=context, **command.context_settings)
        if not left or left[0].startswith("-"):
            break
        command = command.get_command(context, left[0])
        if command is None:
            return f"{' '.join(words)}: there is no command {left[0]!r}"
        left = left[1:]
    try:
        if left or not hasattr(command, "get_command"):
            command.make_context("", left, parent=context)
    except typer.Exit:
        pass  # --help and --version end there
    except USAGE_ERROR as error:
        if whole or type(error).__name__ != "MissingParameter":
            return f"{' '.join(words)}: {error.format_message()}"
    return ""
