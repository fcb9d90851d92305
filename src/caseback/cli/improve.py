"""``caseback improve``: from what a run found to a better model, round by round."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from caseback.cli.group import group
from caseback.cli.models import located

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from rich.console import Console

    from caseback.loop.improve.accept import Accept
    from caseback.loop.improve.proposals import Proposal


class RoundsByDefault(TyperGroup):
    """``caseback improve RUN`` means ``caseback improve rounds RUN``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ("--help", "-h")):
            args = ["rounds", *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return super().get_command(ctx, cmd_name) or super().get_command(ctx, "rounds")

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        return super().resolve_command(ctx, args if args[0] in self.commands else ["rounds", *args])


app = group(
    cls=RoundsByDefault,
    no_args_is_help=False,
    help="Mend what a run found, and measure on fresh situations whether that helped.\n\n"
    "[bold]caseback improve RUN[/] stands for [bold]caseback improve rounds RUN[/].",
)


@app.command()
def rounds(
    run: Annotated[Path, typer.Argument(help="Folder of a finished `caseback run`.")] = Path("runs/ref-base"),
    most: Annotated[int, typer.Option("--rounds", min=1, help="Rounds at most.")] = 3,
    yes: Annotated[bool, typer.Option("--yes", help="Accept every change, unattended.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show findings and changes; nothing is made.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the rounds. Default: improve/ in RUN.")] = None,
    constitution: Annotated[
        Path | None, typer.Option(help="The run's constitution, where its file has moved since.")
    ] = None,
    bound: Annotated[float, typer.Option(min=0.0, max=1.0, help="The rate that a behaviour may have.")] = 0.05,
    measured: Annotated[
        int | None, typer.Option(min=1, help="Situations of each behaviour a round is measured on. Default: the run's.")
    ] = None,
    trained: Annotated[
        int | None, typer.Option(min=1, help="Situations or questions that a change adds. Default: the run's.")
    ] = None,
    teacher: Annotated[
        str | None,
        typer.Option(help="Who writes clearer reasons: name, folder, hub id or address; by default the model itself."),
    ] = None,
) -> None:
    """Find what is still wrong, change as little as mends it, train, and keep what helped.

    What counts is what the run measured, and the incidents of live use that people confirmed and `caseback watch
    incidents finding` put into its dossier. Each round names at most three changes (more data for a behaviour, the
    prompts of an incident among them, questions rehearsed to win an ability back, a family of situations that was
    missing, a clearer reason, a new clause) and shows each as a diff to accept or not.
    The model and a control are trained the same way and measured, with the model before, on situations drawn after
    the training. A round that hurts is rolled back; one whose gain is within noise ends it. A command that was stopped
    goes on where it was.
    """
    from rich.console import Console

    from caseback.loop.improve.dry_run import show_proposals
    from caseback.loop.improve.summary import print_improvement

    console = Console(highlight=False)
    if dry_run:
        show_proposals(run, constitution, bound, located(teacher) if teacher else None, console)
        return
    from caseback.loop.improve.accept import everything
    from caseback.loop.improve.rounds import improve

    improvement = improve(
        run,
        out,
        constitution=constitution,
        rounds=most,
        bound=bound,
        measured=measured,
        trained=trained,
        teacher=located(teacher) if teacher else None,
        accept=everything if yes else _ask_person(console),
        console=console,
    )
    print_improvement(console, improvement)


@app.command()
def generations(
    model: Annotated[
        str | None, typer.Option(help="The base: name, folder or hub id. Default: the embedded ref-base.")
    ] = None,
    constitution: Annotated[
        Path | None, typer.Option(help="A constitution in any form that `caseback constitution` reads.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for dossier, models and page.")] = Path("runs/generations"),
    count: Annotated[int, typer.Option(min=1, help="How many generations.")] = 5,
    budget: Annotated[Literal["small", "full"], typer.Option(help="As in `caseback run`, for each.")] = "small",
    measured: Annotated[
        int | None, typer.Option(min=1, help="Situations of each behaviour that all are measured on.")
    ] = None,
    trained: Annotated[
        int | None, typer.Option(min=1, help="Situations of each behaviour that a generation's data are made from.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
) -> None:
    """Train a model by the judgement of the one before, several times, and measure what becomes of it.

    The model before writes and judges all data; the weights of every generation are the base's. All generations and
    their controls are measured on the same situations, drawn after the last was trained. A command that was stopped
    goes on where it was.
    """
    from rich.console import Console

    from caseback.loop.budget import BUDGETS, resized
    from caseback.loop.improve.generations import generations as train_all
    from caseback.loop.improve.summary import print_generations

    console = Console(highlight=False)
    size = resized(BUDGETS[budget], measured, trained)
    base = located(model) if model else None
    print_generations(console, train_all(base, constitution, out, count=count, budget=size, seed=seed, console=console))


def _ask_person(console: "Console") -> "Accept":
    """Show each change and its diff, and take y or n."""
    from caseback.loop.improve.dry_run import print_change

    def accept(proposal: "Proposal", diff: str) -> bool:
        print_change(console, proposal, diff)
        return typer.confirm("make this change?", err=True)

    return accept
