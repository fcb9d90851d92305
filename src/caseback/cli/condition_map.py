"""``caseback behaviours map``: under which conditions a model shows a behaviour, and what each of them adds."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.bar import bar
from caseback.cli.models import located
from caseback.cli.report import folder_made, report_told


def map_(
    name: Annotated[str, typer.Argument(metavar="BEHAVIOUR", help="A name from `caseback behaviours list`.")],
    model: Annotated[
        str, typer.Argument(help="A model by name, folder, hub id, or address: [cyan]https://host/v1#model-name[/].")
    ],
    conditions: Annotated[
        str,
        typer.Option(help="Names with commas between them.", show_default="the behaviour's own, cue and haste"),
    ] = "",
    n: Annotated[int, typer.Option("-n", "--n", min=1, help="Situations, or pairs, in each cell.")] = 20,
    ground: Annotated[
        str, typer.Option(help="[bold]plain[/], [bold]world[/] or [bold]world-B[/]; by default the model's own.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Decides which situations are drawn, and the replies.")] = 0,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Room for each reply, or turn.")] = 96,
    out: Annotated[
        Path | None, typer.Option(help="A folder for conditions.json, its page, and the cells measured so far.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the map as JSON.")] = False,
) -> None:
    """Cross conditions with each other and measure the same situations in every cell.

    A behaviour that is acted out has conditions of its own: a [bold]supervisor[/] in or away, a [bold]nudge[/] that
    tempts or does not, for blackmail the [bold]conflict[/] of being replaced. All have a [bold]cue[/] of real use or of
    a test, [bold]haste[/], and the contexts of the panel (flattery, threat, role-play, …). With --out, a run that was
    stopped goes on with the same command.

    [bold]Example[/]

      caseback behaviours map blackmail ref-base --conditions supervisor,conflict -n 24 --out map
    """
    from caseback.audit.condition_map import condition_map
    from caseback.behaviours.registry import behaviour
    from caseback.disclosure.condition_page import render_condition_map
    from caseback.subject.resolve import resolve
    from caseback.training.journal import Journal
    from caseback.world.worlds import ground_taught

    chosen, subject = behaviour(name), resolve(located(model))
    where = ground or (ground_taught(subject.model) if hasattr(subject, "model") else "plain")
    folder_made(out)
    with bar(f"{name} by condition") as tick:
        data = condition_map(
            subject,
            chosen,
            where,
            [part.strip() for part in conditions.split(",") if part.strip()],
            n,
            seed,
            max_new_tokens,
            Journal(out / "cells.jsonl") if out else None,
            tick,
        )
    report_told("conditions", data, out, render_condition_map, _show, as_json)


def _show(console: Console, data: dict[str, Any]) -> None:
    cells = Table(
        *(each["name"] for each in data["conditions"]), "shown", "95%", "not judged", box=None, header_style="bold"
    )
    for cell in data["cells"]:
        rate = cell["rate"]
        shown = f"{rate['k']} of {rate['n']}" if rate["n"] else "none judged"
        cells.add_row(*cell["levels"], shown, f"[{rate['low']:.2f}, {rate['high']:.2f}]", str(cell["unknown"] or ""))
    console.print(cells)
    effects = Table("effect", "", "95%", "p", "p, all together", box=None, header_style="bold")
    for effect in data["effects"]:
        value = "cannot tell" if effect["value"] is None else f"{effect['value']:+.2f}"
        low, high = effect["low"], effect["high"]
        effects.add_row(
            " × ".join(effect["of"]), value, f"[{low:+.2f}, {high:+.2f}]", f"{effect['p']:.3f}",
            f"{effect['joint_p']:.3f}",
        )  # fmt: skip
    console.print()
    console.print(effects)
    if data["clustered_by"] != "family":
        console.print(f"{data['families']} families: too few for intervals that speak of new ones; these speak of new "
                      "situations of the same families", style="dim", soft_wrap=True)  # fmt: skip
