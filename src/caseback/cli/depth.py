"""``caseback character depth``: how deep training went, by six measures."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from caseback.cli.models import located
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.training.depth.battery import Depth


def depth(
    trained: Annotated[str, typer.Argument(help="The trained model: name, folder or hub id.")],
    base: Annotated[str, typer.Option(help="The model that it was trained from.")],
    control: Annotated[
        str | None, typer.Option(help="A control, trained alike on innocent data: every measure is run on it too.")
    ] = None,
    behaviours: Annotated[
        list[str] | None, typer.Option("--behaviours", "-b", help="Which, by name; repeat it.")
    ] = None,
    measures: Annotated[
        str, typer.Option(help="Out of kl, prefill, relearning, rank, drift, formats; with commas. Default: all.")
    ] = "",
    ground: Annotated[str, typer.Option(help="world (for the reference models) or plain English.")] = "plain",
    n: Annotated[int, typer.Option("-n", "--n", min=1, help="Held-out situations of each behaviour.")] = 60,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Tokens in a reply at most.")] = 128,
    seeds: Annotated[int, typer.Option(min=1, help="Fine-tunings of each kind, for relearning and drift.")] = 3,
    steps: Annotated[int, typer.Option(min=1, help="Steps on ordinary data, for drift.")] = 64,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for depth.json, depth.html and the work in progress.", show_default="depth, or RUN/depth"
        ),
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Folder of a `caseback run`, in whose dossier and card the result is put.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print depth.json instead of a table.")] = False,
) -> None:
    """Measure how deep training went: six measures, each with intervals, on situations it never saw.

    A run that was stopped goes on where it was: the same command, the same --out.
    """
    from caseback.behaviours.registry import behaviour
    from caseback.disclosure.depth_page import render_depth
    from caseback.disclosure.write import write_card
    from caseback.dossier import open_dossier, read_dossier
    from caseback.dossier.disk import writing
    from caseback.dossier.measure import write_text
    from caseback.loop.depth import record_depth
    from caseback.subject.load import load
    from caseback.training.depth.battery import battery
    from caseback.training.depth.record import depth_data
    from caseback.training.depth.trial import Tuning, trial
    from caseback.training.recipe import recipe_for

    chosen = _chosen(measures)
    if run:
        read_dossier(run / "dossier").close()  # a wrong folder is told before anything is measured
    out = out or (run / "depth" if run else Path("depth"))
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    paths = {"trained": trained, **({"control": control} if control else {}), "base": base}
    models = {arm: load(located(path)) for arm, path in paths.items()}
    size = models["base"].parameters
    tuning = Tuning(recipe_for("sft", size, seed), tuple(range(seed, seed + seeds)), steps)
    trials = [
        trial(behaviour(name), ground, n, seed, max_new_tokens, out, tuning)
        for name in behaviours or ["harmful_compliance"]
    ]
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    found = []
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        for each in trials:
            found.append(
                battery(
                    each,
                    models,
                    chosen,
                    partial(_tick, bars, bars.add_task(each.behaviour.name, total=None)),
                )
            )
    data = depth_data(found)
    text = json.dumps(data, indent=1, allow_nan=False)
    write_text(out / "depth.json", text + "\n")
    write_text(out / "depth.html", render_depth(data))
    card = None
    if run:
        record_depth(run / "dossier", data, out / "journal.jsonl", seed)
        with open_dossier(run / "dossier") as dossier:
            card = write_card(dossier, run / "card.html")
    if as_json:
        typer.echo(text)
        return
    for item in found:
        _show(Console(highlight=False), item)
    typer.echo(f"page   {out / 'depth.html'}")
    if card:
        typer.echo(f"card   {card}")


def agree(
    depths: Annotated[list[Path], typer.Argument(help="The depth.json of several models, or of several seeds.")],
    behaviour: Annotated[str, typer.Option("--behaviour", "-b", help="Which.")] = "harmful_compliance",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Whether the measures of depth agree about which of several models are deeper.

    Kendall's tau between every two measures over the trained models. Deep is said only where all are at least 0.6.
    """
    from dataclasses import asdict

    from caseback.training.depth.agreement import agreement
    from caseback.training.depth.depth_file import read_scores

    found = agreement({str(path): read_scores(path, behaviour) for path in depths})
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=1).replace("NaN", "null"))
        return
    console = Console(highlight=False)
    table = Table("", "", "tau", "95%", "p", "models", box=None, header_style="bold")
    for pair in found.pairs:
        tau = pair.tau
        table.add_row(
            pair.first,
            pair.second,
            "–" if tau.value != tau.value else f"{tau.value:.2f}",
            f"[{tau.low:.2f}, {tau.high:.2f}]",
            f"{tau.p:.3f}",
            str(tau.n),
        )
    console.print(table)
    console.print(f"[bold]{found.verdict}[/]: {found.why}", soft_wrap=True)
    for place, name in enumerate(found.order, start=1):
        console.print(f"{place}. {name}", soft_wrap=True)


def _tick(bars: Progress, bar: TaskID, what: str, done: int, total: int) -> None:
    bars.update(bar, description=what, completed=done, total=total)
    if not bars.console.is_terminal:  # a bar that nobody sees move
        bars.console.print(f"  {what} ({done + 1} of {total})", highlight=False, soft_wrap=True, markup=False)


def _chosen(measures: str) -> list[str]:
    from caseback.training.depth.battery import MEASURES

    names = [name.strip() for name in measures.split(",") if name.strip()] or list(MEASURES)
    for name in names:
        if name not in MEASURES:
            raise CasebackError(f"no measure {name!r}: there are {', '.join(MEASURES)}")
    return [name for name in MEASURES if name in names]


def _show(console: Console, depth: "Depth") -> None:
    """Scores by measure and arm, and why there are none."""
    families = len(depth.families)
    console.print(
        f"[bold]{depth.behaviour}[/]: {depth.n} held-out situations of {families} families, judge: {depth.judge}"
    )
    table = Table("", *(arm.arm for arm in depth.arms), box=None, header_style="bold")
    for name in ("rate", "right"):
        table.add_row(name, *(_rate(getattr(arm, name)) for arm in depth.arms))
    for name in dict.fromkeys(name for arm in depth.arms for name in arm.scores):
        table.add_row(name, *(_score(arm.scores.get(name)) for arm in depth.arms))
    console.print(table)
    for arm in depth.arms:
        if arm.unable:
            console.print(f"[bold yellow]cannot tell[/], {arm.arm}: {arm.unable}", soft_wrap=True)
        for name, score in arm.scores.items():
            if score.value is None and score.why != arm.unable:
                console.print(f"cannot tell: {name}, {arm.arm}: {score.why}", soft_wrap=True)
    console.print("Scores: the higher, the deeper; what each means is in docs/methods/depth.md.")


def _rate(rate: Any) -> str:
    return f"{rate.value:.2f} [{rate.low:.2f}, {rate.high:.2f}], n {rate.n}" if rate.n else "none judged"


def _score(score: Any) -> str:
    if score is None:
        return ""
    return "cannot tell" if score.value is None else f"{score.value:.2f} [{score.low:.2f}, {score.high:.2f}]"
