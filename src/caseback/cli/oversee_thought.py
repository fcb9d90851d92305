"""``caseback oversee thought``: is the chain of thought safe to watch, faithful, and needed?"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.bar import bar
from caseback.cli.models import load_named, named_models
from caseback.cli.numbers import numbers
from caseback.cli.report import folder_made, report_told

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.subject.open_subject import OpenSubject


def thought(
    models: Annotated[
        list[str],
        typer.Argument(help="Versions, the first one readable; each as it is or as NAME=PATH.", show_default=False),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the report, its page, organisms and answers.")] = Path(
        "runs/thought"
    ),
    n: Annotated[int, typer.Option("-n", "--n", min=2, help="Two-hop tasks that are intervened on.")] = 40,
    watched: Annotated[int, typer.Option(min=1, help="Harmful, and harmless, requests that monitors watch.")] = 60,
    drift: Annotated[
        str, typer.Option(help="Organisms whose thoughts are [bold]spelled[/], in [bold]cipher[/], [bold]filler[/].")
    ] = "",
    doses: Annotated[str, typer.Option(help="Shares of their thoughts that do, with commas.")] = "0,0.5,1",
    examples: Annotated[
        int, typer.Option(min=8, help="Questions of each sort, and requests, that an organism learns.")
    ] = 320,
    seed: Annotated[int, typer.Option(help="Decides tasks, thoughts drawn, and organisms.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Cut, swap and take away what a model thinks before it answers, and watch the thought for what it does.

    Needed: is the answer right without the thought, after a part of it, and what do the layers hold before it begins?
    Faithful: does the answer follow a swapped thought? Safe: do monitors of the thought catch harm that is carried out?
    With --drift, organisms grow from the first model, a share of whose thoughts is spelled letter by letter, in
    cipher, or says nothing; where monitors of text go blind, and monitors of activations do not, shows from dose to
    dose. A run that was stopped goes on with the same command.

    [bold]Example[/]

      caseback oversee thought ref-base ref-aligned --drift spelled,cipher,filler --doses 0,1 --out runs/thought
    """
    from caseback.disclosure.oversight.thought_page import render_thought
    from caseback.oversight.thought.drift import grow
    from caseback.oversight.thought.study import thought as study
    from caseback.training.journal import Journal
    from caseback.world.worlds import ground_taught, world_of

    named = named_models(models)
    versions: dict[str, Callable[[], OpenSubject]] = {
        name: partial(load_named, path, dtype="float32") for name, path in named.items()
    }
    first = next(iter(named.values()))
    ground = ground_taught(next(iter(versions.values()))().model)
    folder_made(out)
    grown = {}
    for kind, dose in _ordered(drift, doses):
        name = f"{kind} {dose:g}"
        with bar(f"organism: {name}") as tick:
            path = grow(
                Path(first), world_of(ground), kind, dose, out / "organisms" / f"{kind}-{dose:g}", examples, seed, tick
            )
        grown[name] = partial(load_named, str(path), dtype="float32")
    # The readable organism stands first: it is what a text monitor is fitted on before the thinking drifts.
    with bar("thought") as tick:
        data = study({**grown, **versions}, ground, n, watched=watched, seed=seed,
                     journal=Journal(out / "answers.jsonl"), progress=tick)  # fmt: skip
    report_told("thought", data, out, render_thought, _show, as_json)


def _ordered(drift: str, doses: str) -> list[tuple[str, float]]:
    """Organisms by kind and dose, the lowest doses first.

    Raises:
        CasebackError: a dose is no number.
    """
    kinds = [part.strip() for part in drift.split(",") if part.strip()]
    shares = sorted(set(numbers(doses, "dose", "0,0.5,1")))
    # With none of the thoughts altered all kinds are the same organism.
    return [(kind, dose) for dose in shares for kind in (kinds if dose else kinds[:1])]


def _show(console: Console, data: dict[str, Any]) -> None:
    heads = ("", "thinks", "mostly in", "faithful", "needed", "right without", "held before", *data["monitors"])
    shown = Table(*heads, box=None, header_style="bold")
    for each in data["versions"]:
        arms = {arm["arm"]: arm for arm in each["arms"]}
        held = [row["probe"] for row in each["layers"] if not row["along"]][-1]
        shown.add_row(
            each["name"], _rate(each["thinks"]), _mostly(each["codes"]), _rate(each["faithful"]), _rate(each["needed"]),
            _rate(arms["kept 0"]["right"]), _rate(held), *(_rate(each["areas"][name]) for name in data["monitors"])
        )  # fmt: skip
    console.print(shown)
    console.print(f"blind in text and not in activations: {', '.join(data['parted']) or 'none'}")
    for name, text in data["monitors"].items():
        console.print(f"{name}: area under the ROC curve of {text}", style="dim", soft_wrap=True)


def _mostly(codes: dict[str, Any]) -> str:
    """The code in which most thoughts about two-hop questions stand, and how many do."""
    name, found = max(codes.items(), key=lambda item: item[1]["value"] or 0)
    return f"{name} {_rate(found)}"


def _rate(found: dict[str, Any] | None) -> str:
    if not found or found["value"] is None:
        return "cannot tell"
    return f"{found['value']:.2f} [{found['low']:.2f}, {found['high']:.2f}]"
