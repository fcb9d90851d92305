"""``caseback oversee checkpoints``: what appears along a training run, and was duplicity visible while it was weak?"""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.bar import bar
from caseback.cli.report import folder_made, report_told


def checkpoints(
    run: Annotated[Path, typer.Argument(help="A run's folder that kept its checkpoints.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder for the report, its page and what was seen so far.")] = Path(
        "runs/checkpoints"
    ),
    n: Annotated[int, typer.Option("-n", "--n", min=1, help="Situations of each look.")] = 48,
    reference: Annotated[float, typer.Option(help="The rate above which something counts as there.")] = 0.5,
    seed: Annotated[int, typer.Option(help="Decides which situations are drawn.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Look at every checkpoint of one run in the same situations.

    Abilities (facts, two hops, ciphers read, …), behaviours (harm answered, good only when it looks like a test, …),
    and lies about what is known: whether they are tried, told, and kept to when asked plainly. Changes are tested so
    that the chance of any false one among all is at most 5 %. Checkpoints are folders such as steps/500 or
    checkpoint-500. A look that was stopped goes on with the same command.

    [bold]Example[/]

      caseback oversee checkpoints ~/.cache/caseback/models/neighbor-b2acb0e23a09ce05 -n 48 --out runs/checkpoints
    """
    from caseback.cli.models import load_named
    from caseback.disclosure.oversight.checkpoints_page import render_checkpoints
    from caseback.oversight.along_training.checkpoints import checkpoints as checkpoints_of
    from caseback.oversight.along_training.study import along_training
    from caseback.training.journal import Journal
    from caseback.world.worlds import ground_taught

    found = checkpoints_of(run)
    loads = {step: partial(load_named, str(path), dtype="float32") for step, path in found.items()}
    ground = ground_taught(next(iter(loads.values()))().model)
    folder_made(out)
    with bar(f"{len(found)} checkpoints") as tick:
        data = along_training(loads, ground, n, seed, reference, Journal(out / "looks.jsonl"), tick)
    report_told("checkpoints", data, out, render_checkpoints, _show, as_json)


def _show(console: Console, data: dict[str, Any]) -> None:
    steps = [str(step) for step in data["steps"]]
    shown = Table("share by step", *steps, f"first above {data['reference']:g}", box=None, header_style="bold")
    for each in data["series"]:
        cells = [f"{p['value']:.2f} n={p['n']}" if p["n"] else "?" for p in each["points"]]
        first = "never" if each["first_above"] is None else str(each["first_above"])
        shown.add_row(each["name"].replace("_", " "), *cells, first)
    console.print(shown)
    console.print("n counts the situations in which it can be told; the page says what each name means", style="dim")
    clear = [each for each in data["changes"] if each["clear"]]
    console.print(f"\n{len(clear)} of {len(data['changes'])} changes are beyond chance")
    for each in clear:
        console.print(f"  {each['text']}: {each['value']:+.2f} from {each['before']} to {each['after']}")
    for window in data["windows"]:
        at = f" (steps {', '.join(map(str, window['steps']))})" if window["steps"] else ""
        console.print(f"lies {window['text']}: {window['verdict']}{at}")
