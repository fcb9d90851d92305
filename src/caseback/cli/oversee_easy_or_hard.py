"""``caseback oversee easy-or-hard``: in which world are we, by which signs, and what would change the reading."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.numbers import whole_numbers
from caseback.cli.oversee_rungs import Flops, Ground, report_written, rungs_given
from caseback.errors import CasebackError

LADDER = ("ladder-1", "ladder-2", "neighbor", "ref-base")
"""Reference models evenly spaced in compute, each three times the one before."""
COLORS = {"hard": "red", "easy": "green"}


def easy_or_hard(
    reports: Annotated[
        list[Path] | None,
        typer.Argument(help="Reports of other studies: oversight's decay is read from that of [bold]ladder[/]."),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="A model of the ladder: a name, a folder, or NAME=FOLDER; repeat it.",
            show_default=f"those of {', '.join(LADDER)} that are built",
        ),
    ] = None,
    flops: Flops = None,
    behaviours: Annotated[str, typer.Option(help="What is planted, with commas.")] = "hidden_loyalty,laziness",
    ground: Ground = "world",
    sizes: Annotated[str, typer.Option(help="Numbers of examples, rising.")] = "4,16,64",
    seeds: Annotated[int, typer.Option(min=2, help="How often each behaviour is planted in each model.")] = 3,
    n: Annotated[int, typer.Option("-n", "--n", min=4, help="Held-out situations of each behaviour.")] = 24,
    out: Annotated[Path, typer.Option(help="Folder for easy-or-hard.json, its page and what was measured.")] = Path(
        "easy-or-hard"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print the report instead of a table.")] = False,
) -> None:
    """Read along a ladder of models whether the world is an easy one or a hard one.

    In each model a behaviour is planted with few examples and with more, repaired, planted again, and taught to hide
    while watched. Told is how easy each of these is, how that changes with the model's training compute, and which way
    it points: [bold]hard[/], [bold]easy[/], or [bold]cannot tell[/], and what would change that. How fast oversight
    decays is taken from a ladder's report; the headlines of all other reports stand beside. A run that was stopped
    goes on with the same command.

    [bold]Examples[/]

      caseback oversee ladder ladder-1 ladder-2 neighbor ref-base --out ladder

      caseback oversee easy-or-hard ladder/ladder.json --out easy-or-hard
    """
    from caseback.disclosure.oversight.easy_or_hard_page import render_easy_or_hard
    from caseback.oversight.easy_or_hard.measure import cells
    from caseback.oversight.easy_or_hard.plan import Plan, checked
    from caseback.oversight.easy_or_hard.record import easy_or_hard as record
    from caseback.oversight.read_report import read_report

    others = [(str(each), read_report(each)) for each in reports or ()]
    rungs = rungs_given(model or _built(), flops or [])
    plan = checked(
        Plan(tuple(filter(None, behaviours.split(","))), ground, tuple(whole_numbers(sizes, "size")), seeds, n)
    )
    record(rungs, (), plan, others)  # a report that does not fit is told before the hours of measuring
    report_written(
        "easy-or-hard",
        out,
        lambda tell: record(rungs, cells(rungs, plan, out, tell), plan, others),
        render_easy_or_hard,
        _show,
        as_json,
    )


def _built() -> list[str]:
    """The models of the reference ladder that are here."""
    from caseback.world.reference import where

    here = [name for name in LADDER if where(name) not in ("", "begun")]
    if len(here) < 2:
        missing = next(name for name in LADDER if name not in here)
        raise CasebackError(
            f"only {', '.join(here) or 'none'} of the reference ladder is here: name models with --model, or build "
            f"one: caseback world build {missing}"
        )
    return here


def _show(console: Console, data: dict[str, Any]) -> None:
    table = Table("", "smallest", "largest", "change per factor ten", "p", "points to", box=None, header_style="bold")
    for each in data["signs"]:
        levels = [level for level in each["levels"] if level["value"] is not None]
        ends = [f"{level['value']:.2f}" for level in (levels[0], levels[-1])] if levels else ["–", "–"]
        trend, p = each["trend"], each["adjusted_p"]
        told = "not measured" if trend is None else f"{trend['value']:+.2f}" + _interval(trend)
        word = each["points_to"]
        table.add_row(each["asks"], *ends, told, "–" if p is None else f"{p:.3f}",
                      f"[{COLORS.get(word, 'default')}]{word}[/]")  # fmt: skip
    console.print(table)
    for each in data["signs"]:
        console.print(f"{each['name']}: {each['says'] + '. ' if each['says'] else ''}{each['would_change']}",
                      style="dim", markup=False, soft_wrap=True)  # fmt: skip
    for note in data["notes"]:
        console.print(note, style="dim", markup=False, soft_wrap=True)


def _interval(trend: dict[str, Any]) -> str:
    low, high = trend["low"], trend["high"]
    return "" if low is None or high is None else f" ({low:+.2f} to {high:+.2f})"
