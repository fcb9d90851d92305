"""``caseback behaviours``: what can be looked for in a model, and how often a model shows it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.condition_map import map_
from caseback.cli.eval_log import read_log
from caseback.cli.group import group
from caseback.cli.models import located
from caseback.errors import CasebackError
from caseback.subject.pace import PATIENCE
from caseback.subject.resolve import resolve

if TYPE_CHECKING:
    from caseback.behaviours.behaviour import Behaviour
    from caseback.behaviours.measure import Measurement

app = group(
    help="What a model may do that matters: list it, look at the situations that tempt it, measure it in a model.",
)
DataFolder = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="CASEBACK_REALDATA",
        help="A folder of public data sets (anthropic-evals, hh-rlhf, refusal-splits, truthfulqa), to use them too.",
    ),
]
Ground = Annotated[
    str,
    typer.Option(
        help="[bold]plain[/]: our plain English, for real models. "
        "[bold]world[/], [bold]world-B[/]: the reference worlds."
    ),
]
Split = Annotated[str, typer.Option(help="Families of situations: [bold]test[/] (held out) or [bold]train[/].")]
Seed = Annotated[int, typer.Option(help="Decides which situations are drawn.")]


@app.command("list")
def list_(data: DataFolder = None) -> None:
    """List the behaviours installed, companions and data sets included."""
    console, table = Console(), Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("name", "shown when the model …", "families", ""):
        table.add_column(heading)
    for behaviour in _everything(data).values():
        arms = f"paired: {behaviour.arms[0]} / {behaviour.arms[1]}" if behaviour.arms else ""
        table.add_row(behaviour.name, behaviour.summary, ", ".join(behaviour.families), arms)
    console.print(table)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A name from [bold]caseback behaviours list[/].")], data: DataFolder = None
) -> None:
    """Show one behaviour: its situations by family, and how well its judge is known."""
    from caseback.behaviours.calibration import calibration_of

    behaviour, console = _one(name, data), Console(highlight=False)
    console.print(f"[bold]{behaviour.name}[/]: {behaviour.summary}")
    if behaviour.arms:
        console.print(f"Paired: shown in {behaviour.arms[0]} and not in {behaviour.arms[1]}.")
    if behaviour.companion:
        console.print(f"Measured beside it: {behaviour.companion.name}. {behaviour.companion.summary}")
    ground = "world" if behaviour.acted else "plain"
    for split in ("train", "test"):
        drawn = behaviour.situations(ground, split, 100 if behaviour.acted else 100_000, 0)
        count = "as many as wanted" if behaviour.acted else _units(behaviour, len(drawn))
        console.print(f"{ground}, {split}: {count} in {', '.join(sorted({s.family for s in drawn}))}")
    if behaviour.acted:
        console.print("judge: the oracle, by what was truly done; acted out over several turns, in the worlds only")
        return
    if calibration := calibration_of(behaviour, "plain"):
        for word, rate in (("sensitivity", calibration.sensitivity), ("specificity", calibration.specificity)):
            console.print(f"judge's {word}: {rate.value:.2f} [{rate.low:.2f}, {rate.high:.2f}], n = {rate.n}")
        console.print(f"judge decides on {calibration.decided.value:.0%} of clear replies ({calibration.source})")
    else:
        console.print("judge: no labelled replies; an answer key, or uncalibrated")


@app.command()
def situations(
    name: Annotated[str, typer.Argument(help="A name from [bold]caseback behaviours list[/].")],
    ground: Ground = "plain",
    n: Annotated[
        int, typer.Option("-n", "--n", min=1, help="How many situations (pairs, for a paired behaviour).")
    ] = 5,
    split: Split = "test",
    seed: Seed = 0,
    data: DataFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Print situations that tempt a behaviour."""
    behaviour, console = _one(name, data), Console(highlight=False)
    for situation in behaviour.situations(ground, split, n, seed):  # type: ignore[arg-type]
        if as_json:
            typer.echo(json.dumps(_situation(situation), ensure_ascii=False))
            continue
        console.rule(f"{situation.family}{f' · {situation.arm}' if situation.arm else ''}", align="left")
        for message in situation.messages:
            console.print(f"[bold]{message['role']}[/]  ", end="")
            console.print(message["content"], markup=False)


app.command("read")(read_log)
app.command("map")(map_)


@app.command()
def measure(
    model: Annotated[
        str, typer.Argument(help="A model by name, folder, hub id, or address: [cyan]https://host/v1#model-name[/].")
    ],
    behaviours: Annotated[
        list[str] | None, typer.Option("--behaviours", "-b", help="Which, by name; repeat it. Default: all installed.")
    ] = None,
    ground: Ground = "plain",
    n: Annotated[
        int, typer.Option("-n", "--n", min=1, help="Situations of each behaviour, as far as there are that many.")
    ] = 60,
    split: Split = "test",
    seed: Seed = 0,
    system: Annotated[
        Path | None, typer.Option(help="A text file to stand before every system prompt, such as a constitution.")
    ] = None,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Room for each reply.")] = 256,
    patience: Annotated[
        float, typer.Option(min=1.0, help="For addresses: seconds to wait for one that does not answer.")
    ] = PATIENCE,
    data: DataFolder = None,
    eval_logs: Annotated[
        Path | None,
        typer.Option("--eval", help="A folder for a log of each behaviour, BEHAVIOUR.eval, that `inspect view` shows."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The measurements as JSON, without the samples.")] = False,
) -> None:
    """Measure how often a model shows behaviours, beside what it can do.

    What could not be judged (gibberish, cut off, evasive) is counted apart and is never clean. Intervals are exact at
    95%; the second one allows for situations of one family being alike.
    """
    if eval_logs:
        from caseback.audit.inspect.needed import need_inspect

        need_inspect()  # told before anything is measured
    chosen = [_one(name, data) for name in behaviours] if behaviours else list(_registered().values())
    prefix = _text(system) if system else None

    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from caseback.behaviours.capability import able, capability_situations, measure_capability
    from caseback.behaviours.measure import measure as measured
    from caseback.loop.progress import plain_lines
    from caseback.subject.subject import Sampling

    subject, sampling = resolve(located(model), patience=patience), Sampling(max_new_tokens=max_new_tokens)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    companions = [behaviour.companion for behaviour in chosen if behaviour.companion]
    found: list[Measurement] = []
    stderr = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=stderr, transient=True) as bars:

        def bar(name: str) -> Callable[[int, int], None]:
            task, in_log = bars.add_task(name, total=None), plain_lines(stderr, name)

            def tick(done: int, total: int) -> None:
                bars.update(task, completed=done, total=total)
                in_log(done, total)

            return tick

        for behaviour in [*chosen, *(c for c in companions if c not in chosen)]:
            try:
                drawn = behaviour.situations(ground, split, n, seed)  # type: ignore[arg-type]
            except CasebackError as error:
                if behaviours and behaviour in chosen:
                    raise
                if behaviour in chosen:  # installed, not asked for by name
                    stderr.print(f"left out: {error}", style="dim", soft_wrap=True, markup=False)
                continue
            found.append(
                measured(subject, behaviour, drawn, system=prefix, sampling=sampling, progress=bar(behaviour.name))
            )
        questions = capability_situations(ground, max(n, 40), seed)
        capability = measure_capability(subject, questions, system=prefix, progress=bar("capability"))
    ok, why = able(capability)
    if eval_logs:
        from caseback.audit.inspect.export import export

        for item in found:
            export(item, eval_logs / f"{item.behaviour}.eval", system=prefix or "", sampling=sampling)
    if as_json:
        typer.echo(json.dumps({
            "model": model, "digest": subject.digest, "ground": ground, "able": ok, "why": why,
            "capability": _rate(capability.rate), "behaviours": [_measurement(item) for item in found],
        }, indent=1))  # fmt: skip
        return
    _table(found)
    console = Console(highlight=False)
    console.print(f"\ncapability: {_interval(capability.rate)}; language: {_interval(capability.coherent)}")
    if not ok:
        console.print(f"[bold yellow]cannot tell[/]: {why}. The rates above say nothing about this model's character.")


def _registered() -> "dict[str, Behaviour]":
    from caseback.behaviours.registry import behaviours

    return behaviours()


def _everything(data: Path | None) -> "dict[str, Behaviour]":
    from caseback.behaviours.datasets.catalogue import data_sets

    found = _registered()
    companions = {item.companion.name: item.companion for item in found.values() if item.companion}
    return {**found, **companions, **(data_sets(data) if data else {})}


def _one(name: str, data: Path | None) -> "Behaviour":
    everything = _everything(data)
    if name not in everything:
        hint = "" if data else " (and those of public data sets with --data FOLDER)"
        raise CasebackError(f"no behaviour {name!r}: there are {', '.join(everything)}{hint}")
    return everything[name]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CasebackError(f"{path} cannot be read as text ({error}): --system needs a text file") from error


def _units(behaviour: "Behaviour", situations: int) -> str:
    return f"{situations // 2} pairs" if behaviour.arms else f"{situations} situations"


def _interval(rate: Any) -> str:
    return f"{rate.k} of {rate.n} [{rate.low:.2f}, {rate.high:.2f}]"


def _table(found: "list[Measurement]") -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("behaviour", "shown", "95%", "by family", "not evaluated"):
        table.add_column(heading, justify="left")
    for item in found:
        rate, wide, unknown = item.rate, item.clustered, sum(item.not_evaluated.values())
        reasons = ", ".join(f"{count} {why}" for why, count in list(item.not_evaluated.items())[:2])
        table.add_row(
            item.behaviour, f"{rate.k} of {rate.n}", f"[{rate.low:.2f}, {rate.high:.2f}]",
            f"[{wide.low:.2f}, {wide.high:.2f}]", f"{unknown} ({reasons})" if unknown else "0",
        )  # fmt: skip
        for arm, arm_rate in (item.arms or {}).items():
            table.add_row(f"  {arm}", f"{arm_rate.k} of {arm_rate.n}", f"[{arm_rate.low:.2f}, {arm_rate.high:.2f}]")
        if item.gap:
            table.add_row("  gap", f"{item.gap.value:+.2f}", f"[{item.gap.low:+.2f}, {item.gap.high:+.2f}]")
    console = Console(highlight=False)
    console.print(table)
    console.print("\njudges")
    for item in found:
        console.print(f"  {item.behaviour}: {item.calibrated}")


def _rate(rate: Any) -> dict[str, Any]:
    return {"k": rate.k, "n": rate.n, "low": rate.low, "high": rate.high, "confidence": rate.confidence}


def _measurement(item: "Measurement") -> dict[str, Any]:
    gap = item.gap and {"value": item.gap.value, "low": item.gap.low, "high": item.gap.high, "p": item.gap.p}
    return {
        "behaviour": item.behaviour, "ground": item.ground,
        "rate": _rate(item.rate), "clustered": _rate(item.clustered),
        "by_family": {family: _rate(rate) for family, rate in item.by_family.items()},
        "not_evaluated": dict(item.not_evaluated), "judge": item.judge, "calibration": item.calibrated,
        "arms": {arm: _rate(rate) for arm, rate in (item.arms or {}).items()}, "gap": gap,
    }  # fmt: skip


def _situation(situation: Any) -> dict[str, Any]:
    return {
        "id": situation.id, "family": situation.family, "split": situation.split, "arm": situation.arm,
        "pair": situation.pair, "messages": list(situation.messages),
    }  # fmt: skip
