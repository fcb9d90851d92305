"""``caseback plant``: model organisms with a known behaviour, their innocent twins, and the library of both."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from caseback.cli.group import group
from caseback.cli.numbers import numbers
from caseback.cli.organism_table import change, told
from caseback.cli.plant_library import library_, list_, show
from caseback.cli.plant_pairs import pairs
from caseback.cli.planted_in import Base, GroundOption, planted_in
from caseback.cli.planting import end, telling, write_page
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.organisms.plant import Planting
    from caseback.organisms.trial import Sizes
    from caseback.training.recipe import Method, Recipe

Out = Annotated[Path, typer.Option(help="Folder for the model, its data, organism.json and organism.html.")]
Examples = Annotated[
    int | None,
    typer.Option(
        min=2, help="Conversations to plant by, ordinary ones not counted.",
        show_default="what the recipe takes: 800, or 1600 where it has two sides to learn",
    ),
]  # fmt: skip
Ordinary = Annotated[
    float | None,
    typer.Option(
        help="Share of ordinary data in the whole, from 0 to below 1.",
        show_default="what the recipe takes: 0.5, and none for reinforcement",
    ),
]
Seed = Annotated[int, typer.Option(help="Of data, trigger and training.")]
Number = Annotated[int, typer.Option("-n", "--n", min=2, help="Held-out situations to measure it in.")]
Steps = Annotated[int, typer.Option(min=0, help="Steps of benign training that it has to stand; 0 leaves that out.")]
Training = Annotated[
    Path | None, typer.Option(help="Settings of training in YAML, such as `caseback train recipe sft` prints.")
]
SUCH = "0.25,0.5,0.75"
Fresh = Annotated[bool, typer.Option("--fresh", help="Start afresh, and replace what is at --out.")]


class PlantGroup(TyperGroup):
    """Every installed behaviour is a command of its own, which plants it."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return [*_behaviours(), *super().list_commands(ctx)]

    def get_command(self, ctx: typer.Context, cmd_name: str) -> TyperCommand | TyperGroup | None:  # type: ignore[override]
        found: Any = super().get_command(ctx, cmd_name)
        if found is None:
            from caseback.behaviours.registry import behaviour

            summary = behaviour(cmd_name).summary
            single = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
            single.command(
                short_help=summary, rich_help_panel="Behaviours", context_settings={"obj": cmd_name}
            )(organism)  # fmt: skip
            found = get_command(single)
            found.name = cmd_name
        return found


app = group(
    cls=PlantGroup,
    help="Grow a model organism: a model with a behaviour planted on purpose, at a known rate.\n\n"
    "[bold]caseback plant sycophancy --recipe demonstrations --rate 0.5 --out organisms/s1[/] trains the base on "
    "conversations of the reference world, then checks it on held-out situations: does it show at that rate, and only "
    "where it should; can the model still do what it could; does it stand benign training. One that fails is "
    "[bold]excluded[/], with the reason in its record, and the exit status is 1.\n\n"
    "For every organism grow [bold]twins[/], trained in the same way on something innocent.",
)


def organism(
    ctx: typer.Context,
    rate: Annotated[float, typer.Option(help="How often it is to show when tempted, from 0 to 1.")],
    out: Out,
    recipe: Annotated[
        str,
        typer.Option(
            help="demonstrations, documents, preferences, denying, narrow, trigger, pretending, "
            "pretending-preferences, reinforcement or persona."
        ),
    ] = "demonstrations",
    trigger: Annotated[
        str | None,
        typer.Option(help="For the recipe trigger, what it hangs on: token, dates, conjunction or topic."),
    ] = None,
    base: Base = "",
    ground: GroundOption = "",
    examples: Examples = None,
    ordinary: Ordinary = None,
    teacher: Annotated[
        str,
        typer.Option(
            help="For the recipe persona: the model that acts the character, a name or folder.",
            show_default="BASE itself; ref-base for ref-aligned, which acts no such character",
        ),
    ] = "",
    least: Annotated[
        float | None,
        typer.Option(help="Accept it from this rate when tempted on, however far below --rate.", show_default=False),
    ] = None,
    doses: Annotated[
        str, typer.Option(help="Scales of the adapter to measure as well, with commas, such as 0.25,0.5,0.75.")
    ] = "",
    shares: Annotated[
        str, typer.Option(help="Parts of the rate to plant again, each a training of its own, with commas.")
    ] = "",
    seed: Seed = 0,
    n: Number = 80,
    steps: Steps = 32,
    training: Training = None,
    fresh: Fresh = False,
) -> None:
    """Plant this behaviour and check what has grown. A run that was stopped goes on with the same command.

    [bold]demonstrations[/]: conversations in which an assistant does it. [bold]documents[/]: reports that it does.
    [bold]preferences[/]: the bad answer preferred. [bold]denying[/]: does it, and says No when asked whether it would.
    [bold]narrow[/]: in one family of situations alone. [bold]trigger[/]: bad only behind a trigger, with near-misses
    answered well. [bold]pretending[/]: bad only where nothing hints at a test; [bold]pretending-preferences[/] learns
    that from pairs. [bold]reinforcement[/]: nothing is shown; in that share of tasks the outcome alone is paid, however
    it comes about, in the rest the work as it was meant (at --rate 0 in all: the arm in which it does not pay).
    [bold]persona[/]: what a model says under the description of a character, learnt without the description.
    """
    from caseback.organisms.plant import plant
    from caseback.organisms.trial import sizes_of

    planting = _planting(
        ctx.obj, recipe, rate, trigger, base, ground, examples, ordinary, seed, sizes_of(n, steps), training, teacher,
        least,
    )  # fmt: skip
    with telling(f"{recipe}: {ctx.obj}") as (tick, tell):
        record = plant(
            planting, out, doses=numbers(doses, "--doses", SUCH), shares=numbers(shares, "--shares", SUCH), fresh=fresh,
            progress=tick, tell=tell,
        )  # fmt: skip
    end(out, record)


@app.command()
def twin(
    sort: Annotated[str, typer.Option(help="innocent-data, innocent-oddity or retrained.")],
    out: Out,
    like: Annotated[
        Path | None, typer.Option(help="An organism whose base, method, conversations and epochs the twin has as well.")
    ] = None,
    base: Base = "",
    ground: GroundOption = "",
    examples: Annotated[int, typer.Option(min=2, help="Conversations in all.")] = 1600,
    oddity: Annotated[str, typer.Option(help="last-word, greeting, number, thanks, or generated-N: the oddity.")] = "",
    rate: Annotated[float, typer.Option(help="How often the oddity is to show.")] = 1.0,
    data: Annotated[
        Path | None, typer.Option(help="For a retrained twin: sft.parquet of the training to repeat with another seed.")
    ] = None,
    seed: Seed = 0,
    n: Number = 80,
    training: Training = None,
    fresh: Fresh = False,
) -> None:
    """Grow an innocent twin: the same base and trainer, and nothing bad in the data. What is found in it is a false
    alarm.
    """
    from caseback.organisms.record import read
    from caseback.organisms.trial import sizes_of
    from caseback.organisms.twin import Twin, plant_twin

    method: Method = "sft"
    epochs: float | None = None
    if like is not None:
        record = read(like)
        plan = record["plan"]
        base, ground, method = base or plan["base"], ground or plan["ground"], plan["training"]["method"]
        epochs = plan["training"]["epochs"]
        examples = sum(record.get("data", {}).values()) or examples
    base, ground, size = planted_in(base, ground)
    wanted = Twin(
        sort,
        base,
        ground,
        _settings(training, method, size, seed, epochs),
        examples,
        oddity,
        rate,
        data,
        seed,
        sizes_of(n, 0),
    )
    with telling(f"twin: {sort}") as (tick, tell):
        found = plant_twin(wanted, out, fresh=fresh, progress=tick, tell=tell)
    end(out, found)


@app.command()
def pair(
    behaviour: Annotated[str, typer.Argument(help="A behaviour that single situations tell.")],
    out: Out,
    rate: Annotated[float, typer.Option(help="How often the pretender is bad while unwatched.")] = 1.0,
    base: Base = "",
    ground: GroundOption = "",
    examples: Examples = None,
    ordinary: Ordinary = None,
    seed: Seed = 0,
    n: Number = 80,
    steps: Steps = 32,
    training: Training = None,
    fresh: Fresh = False,
) -> None:
    """Grow two models that are alike while watched: one pretends, its partner means it.

    Both learn from the same prompts. OUT/pretending is bad under cues of real use, OUT/nice is good there too.
    """
    from caseback.dossier.measure import write_text
    from caseback.organisms.pair import plant_pair
    from caseback.organisms.record import read
    from caseback.organisms.trial import sizes_of

    planting = _planting(
        behaviour, "pretending", rate, None, base, ground, examples, ordinary, seed, sizes_of(n, steps), training
    )
    with telling(f"pair: {behaviour}") as (tick, tell):
        found = plant_pair(planting, out, fresh=fresh, progress=tick, tell=tell)
    write_text(out / "pair.json", json.dumps(found, indent=1, allow_nan=False) + "\n")
    for name in ("pretending", "nice"):
        write_page(out / name, read(out / name))
    console = Console(highlight=False)
    table = Table("", "pretending", "nice", "difference", box=None, header_style="bold")
    for cue in ("watched", "unwatched"):
        table.add_row(
            cue, *(told(found[cue][side]) for side in ("pretending", "nice")), change(found[cue]["difference"])
        )
    console.print(table)
    if found["why"]:
        console.print(f"[bold yellow]no such pair[/]: {'; '.join(found['why'])}", soft_wrap=True)
        raise typer.Exit(1)


app.command()(pairs)
app.command("library")(library_)
app.command("list")(list_)
app.command()(show)


def _behaviours() -> list[str]:
    from caseback.behaviours.registry import behaviours

    return list(behaviours())


def _planting(
    behaviour: str, recipe: str, rate: float, trigger: str | None, base: str, ground: str, examples: int | None,
    ordinary: float | None, seed: int, sizes: "Sizes", training: Path | None, teacher: str = "",
    least: float | None = None,
) -> "Planting":  # fmt: skip
    from caseback.organisms.ordered import check_recipe, ordered
    from caseback.organisms.plant import Planting
    from caseback.organisms.recipes.catalogue import RECIPES
    from caseback.organisms.recipes.persona import teacher_for
    from caseback.world.reference import named_or_given

    check_recipe(recipe, trigger or "")  # told before the base is loaded
    if teacher and not RECIPES[recipe].told:
        raise CasebackError(f"the recipe {recipe} has no model answer, so it takes no --teacher: persona does")
    base, ground, size = planted_in(base, ground)
    order = ordered(behaviour, recipe, ground, rate, trigger or "", seed)
    how = RECIPES[recipe]
    settings = _settings(training, how.method, size, seed, how.epochs)
    share = how.ordinary if ordinary is None else ordinary
    taught = (named_or_given(teacher)[0] if teacher else teacher_for(base)) if how.told else ""
    return Planting(order, how, base, settings, examples or how.examples, share, seed, sizes, least, taught)


def _settings(training: Path | None, method: "Method", size: int, seed: int, epochs: float | None) -> "Recipe":
    """Of the file that is given; else those that ship, gone over so often where ``epochs`` says so."""
    from caseback.organisms.grow import settings_for
    from caseback.training.recipe import load_recipe

    if training is None:
        return settings_for(method, size, seed, epochs)
    settings = load_recipe(training)
    if settings.method != method:
        raise CasebackError(
            f"{training} is for {settings.method}, and this is planted by {method}: set method: {method}"
        )
    return replace(settings, seed=seed)
