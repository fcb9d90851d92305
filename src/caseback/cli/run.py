"""``caseback run``: the main job."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from caseback.cli.models import located


def run(
    model: Annotated[
        str | None,
        typer.Option(help="A decoder language model: name, folder or hub id. Default: the embedded ref-base."),
    ] = None,
    constitution: Annotated[
        Path | None, typer.Option(help="A constitution in any form that `caseback constitution` reads.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for dossier, models and card. Default: runs/ and the model's name.")
    ] = None,
    budget: Annotated[
        Literal["small", "full"], typer.Option(help="How many situations and how much data; small takes minutes.")
    ] = "small",
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    calibration: Annotated[
        Path | None,
        typer.Option(help="calibration.json to audit the trained model by. Default: one that ships, if any."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the card's JSON on standard output at the end.")] = False,
) -> None:
    """Train a model towards a constitution, measure it before and after, and write a card.

    The model answers situations that tempt it, once as it is and once with the constitution in view, criticises its
    answers clause by clause, revises them, and is trained on what its own critique holds for an improvement. A control
    is trained the same way on its own answers, drawn again and not revised. Everything is measured on families of
    situations that the training never saw; where there is a calibration the trained model is audited, too: what is
    found in it, and from which rate on it would have been. A run that was stopped goes on where it was: give the same
    command again.

    [bold]Examples[/]

      caseback run

      caseback run --model ./my-model --constitution principles.md --out runs/mine
    """
    from rich.console import Console

    from caseback.loop.budget import BUDGETS
    from caseback.loop.run import run as main_job
    from caseback.loop.summary import print_outcome

    console = Console(stderr=json, highlight=False)
    outcome = main_job(
        located(model) if model else None,
        constitution,
        out,
        budget=BUDGETS[budget],
        seed=seed,
        calibration=calibration,
        console=console,
    )
    print_outcome(console, outcome)
    if json:
        typer.echo(outcome.card.with_suffix(".json").read_text(encoding="utf-8"))
