"""``caseback train choose``: which setting of a recipe, by the dev split."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.models import located
from caseback.errors import CasebackError


def choose(
    recipe: Annotated[str, typer.Argument(help="A YAML file, or a packaged recipe: sft or dpo.")],
    model: Annotated[str, typer.Option(help="Folder of the model to train, one of a reference world.")],
    data: Annotated[Path, typer.Option(help="Training data (.parquet or .jsonl).")],
    out: Annotated[Path, typer.Option(help="Folder for the models tried and what was measured of them.")],
    rate: Annotated[list[float] | None, typer.Option(help="A learning rate to try. May be repeated.")] = None,
    epochs: Annotated[list[float] | None, typer.Option(help="Epochs to try. May be repeated.")] = None,
    against: Annotated[
        str | None,
        typer.Option(help="The model that costs are held against; for dpo, the first.", show_default="MODEL"),
    ] = None,
    situations: Annotated[int, typer.Option("-n", "--situations", min=1, help="Measured per behaviour.")] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="Print the choice as JSON.")] = False,
) -> None:
    """Try a recipe at several settings, and choose on the dev split.

    Of the settings that cost neither capability nor needless refusals the one is taken whose model shows the behaviours
    least. The dev split's families are in no figure that a run reports, so that choosing does not flatter them.

    [bold]Example[/]

      caseback train choose sft --model ref-base --data data/sft.parquet --out runs/tried --rate 3e-4 --rate 1e-3
    """
    from caseback.loop.budget import Budget
    from caseback.loop.choose import choose as try_all
    from caseback.training.data_file import read_data
    from caseback.training.recipe import load_recipe

    settings = load_recipe(recipe)
    tried = [
        replace(settings, learning_rate=one, epochs=long)
        for one in rate or [settings.learning_rate]
        for long in epochs or [settings.epochs]
    ]
    budget = Budget("dev", situations, situations, max(situations, 40), 0, 96)
    held_against = located(against) if against else None
    choice = try_all(tried, located(model), read_data(data), out, budget, held_against, Console(stderr=True))
    if as_json:
        rows = [{**asdict(trial), "recipe": trial.recipe.as_dict()} for trial in choice.trials]
        typer.echo(json.dumps({"trials": rows, "best": choice.best}, indent=1))
        return
    table = Table("rate", "epochs", "behaviours shown", "refused needlessly", "right", "loss", "", box=None)
    before = choice.before
    table.add_row(
        "none", "", f"{before.shown:.3f}", f"{before.over_refusal:.3f}", f"{before.right:.3f}", "", "as it was"
    )
    for index, trial in enumerate(choice.trials):
        note = trial.objection or ("[bold]chosen[/]" if index == choice.best else "")
        figures = [f"{x:.3f}" for x in (trial.shown, trial.over_refusal, trial.right, trial.loss)]
        table.add_row(f"{trial.recipe.learning_rate:g}", f"{trial.recipe.epochs:g}", *figures, note)
    Console(highlight=False).print(table)
    if choice.best is None:
        raise CasebackError("none chosen: each setting broke something; try lower rates, or more data")
