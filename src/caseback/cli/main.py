"""The ``caseback`` command: one thin file per group of commands, loaded when it is called."""

from importlib import import_module
from typing import Annotated, Any, cast

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from caseback import __version__
from caseback.errors import CasebackError

COMMANDS = {
    "run": "caseback.cli.run:run",
    "improve": "caseback.cli.improve:app",
    "constitution": "caseback.cli.constitution:app",
    "chat": "caseback.cli.chat:chat",
    "generate": "caseback.cli.chat:generate",
    "world": "caseback.cli.world:app",
    "behaviours": "caseback.cli.behaviours:app",
    "train": "caseback.cli.train:app",
    "character": "caseback.cli.character:app",
    "plant": "caseback.cli.plant:app",
    "look": "caseback.cli.look:app",
    "detect": "caseback.cli.detect:app",
    "calibrate": "caseback.cli.calibrate:calibrate",
    "audit": "caseback.cli.audit:audit",
    "discover": "caseback.cli.discover:app",
    "investigate": "caseback.cli.investigate:investigate",
    "game": "caseback.cli.game:app",
    "watch": "caseback.cli.watch:app",
    "dossier": "caseback.cli.dossier:app",
    "card": "caseback.cli.card:app",
    "disclose": "caseback.cli.disclose:app",
    "feed": "caseback.cli.feed:app",
    "oversee": "caseback.cli.oversee:app",
    "research": "caseback.cli.research:app",
    "studio": "caseback.cli.studio:studio",
    "claims": "caseback.cli.claims:app",
}
"""Where each command lives: a function, or a ``typer.Typer`` with commands of its own."""


class LazyGroup(TyperGroup):
    """Imports a command's file only when it is called, and turns errors meant for the user into one line."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> TyperCommand | TyperGroup | None:  # type: ignore[override]
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].split(":")
        target: Any = getattr(import_module(module), attribute)
        if not isinstance(target, typer.Typer):
            single = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
            single.command()(target)
            target = single
        command = get_command(target)
        command.name = cmd_name
        return cast(TyperCommand | TyperGroup, command)

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        try:
            return super().invoke(ctx)
        except CasebackError as error:
            console.print(f"[bold red]caseback:[/] {escape(str(error))}")
            raise typer.Exit(2) from error
        except KeyboardInterrupt as stop:
            console.print("caseback: stopped. What was finished is kept; the same command goes on from there.")
            raise typer.Exit(130) from stop


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"caseback {__version__}")
        raise typer.Exit


@app.callback()
def caseback(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Train a language model towards a written constitution, measure whether it took, and keep the evidence.

    Start with [bold]caseback run[/]: it trains the embedded reference model within ten minutes and ends with a card.
    [bold]caseback run --model PATH_OR_ID[/] does the same to a Hugging Face model of yours.
    """
