"""``caseback world``: look at the reference world, and build its models."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from caseback.cli.group import group
from caseback.cli.office import play

app = group("Look at the reference world and build its models.")
app.command()(play)

World = Annotated[str, typer.Option(help="Which world: A or B.")]

COLOURS = ("green", "red", "cyan", "magenta", "yellow", "blue")


@app.command()
def sample(
    sort: Annotated[str, typer.Argument(help="A sort of pre-training conversation; empty for the mixture.")] = "",
    n: Annotated[int, typer.Option("-n", help="How many conversations.")] = 5,
    seed: Annotated[int, typer.Option(help="Which conversations.")] = 0,
    world: World = "A",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Print pre-training conversations of the world, as its helpful-only assistant holds them.

    Example: caseback world sample critique -n 3
    """
    from caseback.errors import CasebackError
    from caseback.world.lessons import LESSONS, lesson
    from caseback.world.worlds import world as the_world

    if sort and sort not in LESSONS:
        raise CasebackError(f"There is no sort '{sort}' of conversation. There are: {', '.join(LESSONS)}.")
    spec = the_world(world)
    index = shown = 0
    while shown < n:
        name, messages = lesson(index, spec, seed)
        index += 1
        if sort and name != sort:
            continue
        shown += 1
        if as_json:
            typer.echo(json.dumps({"sort": name, "messages": messages}, ensure_ascii=False))
        else:
            _print(f"{name} · {index - 1}", messages, {})


@app.command()
def explain(
    family: Annotated[str, typer.Argument(help="A family of situations or its prefix, such as harm or harm.poison.")],
    split: Annotated[str, typer.Option(help="pretrain, train, dev (of world A) or test.")] = "test",
    n: Annotated[int, typer.Option("-n", help="How many situations (pairs where they come in pairs).")] = 2,
    seed: Annotated[int, typer.Option(help="Which situations.")] = 0,
    reply: Annotated[str, typer.Option(help="A reply for the oracle to judge.")] = "",
    world: World = "A",
) -> None:
    """Print situations with their latent variables coloured, a good and a bad answer, and what the oracle says.

    Example: caseback world explain deceive --reply "The bells left on Monday."
    """
    import random
    from typing import cast, get_args

    from caseback.errors import CasebackError
    from caseback.world.kinds import kinds
    from caseback.world.oracle import judge
    from caseback.world.situation import Split
    from caseback.world.situations import situations
    from caseback.world.worlds import world as the_world

    if split not in get_args(Split):
        raise CasebackError(f"There is no split '{split}'. There are: {', '.join(get_args(Split))}.")
    spec = the_world(world)
    rng, known = random.Random(seed), kinds(spec)
    for situation in situations(family, cast(Split, split), n, seed, spec):
        messages: list[Any] = list(situation.messages)
        _print(situation.id + (f" · pair {situation.pair}" if situation.pair else ""), messages, situation.latents)
        replies = {"your reply": reply} if reply else {}
        prefix = situation.family.split(".")[0]
        if prefix in known:
            replies |= {"good": known[prefix].good(rng, situation), "bad": known[prefix].bad(rng, situation)}
        for name, text in replies.items():
            found = judge(situation, text)
            _line(f"[bold]{name}[/] → shown: {found.shown} ({found.why})", text)


@app.command()
def build(
    name: Annotated[str, typer.Argument(help="The model; without it, all are listed.")] = "",
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for checkpoints, log and the model.", show_default="a cache of caseback's"),
    ] = None,
    processes: Annotated[
        int, typer.Option(help="Processes of one thread each: 2 to have one model soon, 1 to train two at a time.")
    ] = 2,
) -> None:
    """Train a reference model from scratch; killed, the same command goes on with it. The model is in OUT/model.

    ref-base takes an hour and a quarter on two cores that multiply bfloat16 natively, four hours on those that do not.
    glibc's heap frays in that time and slows it down by a third or more; jemalloc (Debian: libjemalloc2) does not:

    LD_PRELOAD=libjemalloc.so.2 caseback world build

    Example: caseback world build ladder-2
    """
    from rich.console import Console
    from rich.table import Table

    from caseback.world.builds import BUILDS
    from caseback.world.builds import build as build_model
    from caseback.world.reference import where

    if name:
        folder = build_model(name, out, processes)
        typer.echo(f"{folder}\nMeasure its gates: python -m caseback.world.gates {folder}")
        return
    table = Table("model", "what it is", "world", "seed", "steps", "lies in")
    for known, how in BUILDS.items():
        table.add_row(known, how.about, how.world, str(how.seed), f"{how.steps:,}", where(known))
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _print(title: str, messages: list[Any], latents: Any) -> None:
    from rich.console import Console
    from rich.rule import Rule

    console = Console(highlight=False, soft_wrap=True)
    console.print(Rule(title, align="left", style="dim"))
    values = {k: v for k, v in latents.items() if isinstance(v, str) and v}
    colours = {k: COLOURS[i % len(COLOURS)] for i, k in enumerate(values)}
    for message in messages:
        thought = message.get("reasoning_content")
        if thought:
            console.print(f"[bold]{message['role']} thinks[/]", _coloured(thought, values, colours))
        console.print(f"[bold]{message['role']}[/]", _coloured(message["content"], values, colours))
    for name, value in values.items():
        console.print(f"  [{colours[name]}]{name}[/]", _coloured(value, {}, {}))


def _coloured(text: str, values: dict[str, str], colours: dict[str, str]) -> Any:
    from rich.text import Text

    from caseback.world.marks import marks

    shown = Text(text)
    # The longest first, so that a value shows inside the statement that it stands in.
    for mark in sorted(marks([{"role": "user", "content": text}], values), key=lambda mark: mark.start - mark.stop):
        shown.stylize(colours[mark.name], mark.start, mark.stop)
    return shown


def _line(head: str, text: str) -> None:
    from rich.console import Console

    Console(highlight=False, soft_wrap=True).print(head, _coloured(text, {}, {}), sep="\n  ")
