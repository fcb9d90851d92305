"""``caseback train``: training data from a constitution, and a model from data."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from caseback.cli.bar import bar
from caseback.cli.choose import choose
from caseback.cli.group import group
from caseback.cli.models import located
from caseback.cli.trace import trace
from caseback.cli.train_data import data, plan
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.training.reward import Reward

app = group(
    help="Make training data from a constitution, and train on it.\n\nFirst [bold]data[/], which asks the model and "
    "needs no labels; then [bold]run[/] with the recipe [bold]sft[/] on sft.parquet, and with [bold]dpo[/] on "
    "preferences.parquet from the model that this left. The same on control.parquet and control_preferences.parquet "
    "gives the control: what training alone does.",
)

app.command()(plan)
app.command()(data)
app.command()(trace)
app.command()(choose)


@app.command()
def run(
    recipe: Annotated[str, typer.Argument(help="A YAML file, or a packaged recipe: sft, dpo, kto, grpo, rloo.")],
    model: Annotated[str, typer.Option(help="The model to train: name, folder or hub id.")],
    data: Annotated[
        Path, typer.Option(help="Training data (.parquet or .jsonl), such as `caseback train data` makes.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the trained model.")],
    seed: Annotated[int | None, typer.Option(help="In place of the recipe's.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start afresh, and replace what is at --out.")] = False,
    critic: Annotated[
        str | None,
        typer.Option(help="For grpo and rloo: the open model whose verdicts reward.", show_default="MODEL"),
    ] = None,
    constitution: Annotated[
        Path | None,
        typer.Option(help="For grpo and rloo: the clauses it judges by; without it, the default ones."),
    ] = None,
    outcome: Annotated[
        Literal["tests"] | None,
        typer.Option(help="For grpo and rloo, in place of a critic: whether the tests that a prompt gives pass."),
    ] = None,
) -> None:
    """Train a model by a recipe. A run that was stopped goes on from its last checkpoint.

    sft, dpo and kto learn from the replies in the data; grpo and rloo draw their own to its prompts, and a critic's
    probability that a reply keeps every clause that applies is the reward. With --outcome tests it is whether the tests
    in the prompt pass, by whatever means.

    On several GPUs: [bold]accelerate launch -m caseback.training.run RECIPE --model … --data … --out …[/]
    """
    from caseback.training.data_file import read_data
    from caseback.training.recipe import load_recipe
    from caseback.training.train import train

    settings = load_recipe(recipe)
    if seed is not None:
        settings = replace(settings, seed=seed)
    examples = read_data(data)
    if outcome and (critic or constitution):
        raise CasebackError("--outcome takes the place of a critic: give it without --critic and --constitution")
    asked = bool(critic or constitution or outcome)
    reward = _reward(settings.method, located(critic or model), constitution, outcome, asked)
    with bar(f"{settings.method} on {len(examples)} examples") as tick:
        trained = train(settings, located(model), examples, out, reward=reward, progress=tick, resume=not fresh)
    name, curve = ("reward", trained.rewards) if trained.rewards else ("loss", trained.losses)
    typer.echo(
        f"{trained.path}: {trained.steps} steps, {trained.tokens:,} tokens ({trained.target_tokens:,} in targets), "
        f"{name} {curve[0]:.3f} to {curve[-1]:.3f}, {trained.seconds:.0f} s"
    )
    if trained.dropped:
        typer.echo(f"{trained.dropped} examples were dropped: their prompts alone fill max_length")


@app.command()
def recipe(name: Annotated[str, typer.Argument(help="sft, dpo, kto, grpo or rloo.")]) -> None:
    """Print a packaged recipe, with its comments, to copy and change."""
    from importlib.resources import files

    from caseback.training.recipe import PACKAGED

    if name not in PACKAGED:
        raise CasebackError(f"no packaged recipe {name!r}: there are {', '.join(PACKAGED)}")
    typer.echo((files("caseback.training") / "recipes" / f"{name}.yaml").read_text(encoding="utf-8"), nl=False)


def _reward(method: str, critic: str, constitution: Path | None, outcome: str | None, asked: bool) -> "Reward | None":
    from caseback.constitution.default import default
    from caseback.constitution.read import read
    from caseback.subject.load import load
    from caseback.training.outcome import TestsReward
    from caseback.training.recipe import REWARDED
    from caseback.training.reward import CriticReward

    if method not in REWARDED:
        if asked:
            raise CasebackError(
                f"{method} takes no reward, so --critic, --constitution and --outcome are for grpo and rloo"
            )
        return None
    if outcome:
        return TestsReward()
    return CriticReward(load(critic), read(constitution) if constitution else default())
