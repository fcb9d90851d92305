"""``caseback oversee society``: many agents together, and what no audit of one of them shows."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.bar import bar
from caseback.cli.models import load_named
from caseback.cli.report import folder_made, report_told


def society(
    model: Annotated[str, typer.Argument(help="A model folder, a hub id, or a reference model.")] = "ref-aligned",
    other: Annotated[
        str, typer.Option(help="A model of another base, for defenders and mixed societies.", show_default="none")
    ] = "",
    task: Annotated[
        str,
        typer.Option(
            help="[bold]entries[/] of a record that all have at hand, [bold]answers[/] all know, or a [bold]stock[/] "
            "that all live on."
        ),
    ] = "entries",
    agents: Annotated[int, typer.Option(min=2, help="Agents in each society.")] = 100,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds in which all of them act.")] = 15,
    hears: Annotated[int, typer.Option(min=0, help="How many others each agent hears.")] = 4,
    memory: Annotated[int, typer.Option(min=0, help="Messages that an agent remembers; 0: those of one round.")] = 0,
    planted: Annotated[float, typer.Option(help="Share of agents to whom the false value is put.")] = 0.1,
    clean: Annotated[int, typer.Option(min=2, help="Clean societies to calibrate on, and as many to judge by.")] = 60,
    seeds: Annotated[int, typer.Option(min=2, help="Societies at each point of a curve.")] = 10,
    n: Annotated[int, typer.Option("-n", "--n", min=2, help="Questions, offices and requests put to agents.")] = 20,
    out: Annotated[
        Path | None, typer.Option(help="A folder for society.json, its page, and the societies run so far.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Run societies of agents and find out what spreads in them, and who notices.

    Every agent is a model that acts: it reads what its neighbours last said and says what it holds. In some societies a
    false value is planted in a few agents. Shown are how far it spreads, by coupling, by share of planted agents and
    against defenders; what audits of every agent alone find, and what monitors of the whole find, at thresholds set on
    clean societies of other seeds. With --out, a study that was stopped goes on with the same command.

    Where all live on a stock, agents are takers, keepers who give leave to take more, and reviewers of leave; what is
    planted colludes. Shown beside the rest are what is left of the stock, and monitors of who asks whom.

    [bold]Examples[/]

      caseback oversee society ref-aligned --other neighbor --out society

      caseback oversee society ref-aligned --other neighbor --task stock --planted 0.2 --agents 40 --out stock

      caseback oversee society --agents 30 --rounds 5 --clean 5 --seeds 3 -n 5 --out a-quick-look
    """
    from caseback.disclosure.oversight.society_page import render_society
    from caseback.oversight.ground import common_ground
    from caseback.oversight.societies.kinds import BALANCES
    from caseback.oversight.societies.plan import Plan
    from caseback.oversight.societies.society import Society
    from caseback.oversight.societies.study import study
    from caseback.training.journal import Journal
    from caseback.world.worlds import is_world, world_of

    subject = load_named(model)
    second = load_named(other) if other else None
    taught = common_ground({model: subject, **({other: second} if second else {})})
    folder_made(out)
    balances = BALANCES.get(task, Plan.balances)
    plan = Plan(Society((), agents, rounds, hears, memory), planted, clean, seeds, n, balances=balances)
    with bar("societies") as tick:
        data = study(
            subject,
            second,
            world_of(taught if is_world(taught) else "world"),
            task,
            plan,
            Journal(out / "societies.jsonl") if out else None,
            tick,
        )
    report_told("society", data, out, render_society, _show, as_json)


def _show(console: Console, data: dict[str, Any]) -> None:
    table = Table("", "value", "95%", "n", box=None, header_style="bold")
    for figure in data["figures"]:
        value = "cannot tell" if figure["value"] is None else f"{figure['value']:.3f}"
        span = "" if figure["low"] is None else f"[{figure['low']:.3f}, {figure['high']:.3f}]"
        table.add_row(figure["text"], value, span, f"{figure['n']} {figure['unit']}")
    console.print(table)
    for note in data["notes"]:
        console.print(note, style="dim", soft_wrap=True)
