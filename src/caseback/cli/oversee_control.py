"""``caseback oversee control``: what is caught of an untrusted model on a small audit budget."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.bar import bar
from caseback.cli.by_name import by_name
from caseback.cli.models import load_named, named_models
from caseback.cli.numbers import numbers, shares
from caseback.cli.report import folder_made, report_told


def control_(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="FOLDER...",
            help="Planted models with their replies: each has model/, dev.json and test.json and is named for its "
            "behaviour.",
        ),
    ],
    trusted: Annotated[
        list[str] | None, typer.Option(help="A weaker model as monitor, also as NAME=PATH. Repeat it.")
    ] = None,
    budgets: Annotated[str, typer.Option(help="Shares of honest work that people can look at.")] = "0.01,0.03,0.1",
    most: Annotated[int, typer.Option(min=20, help="Answers of each kind and folder, where there are more.")] = 300,
    collude: Annotated[
        bool, typer.Option(help="Teach copies to pass each other's attacks, from train.json, and check for it.")
    ] = False,
    epochs: Annotated[float, typer.Option(min=0.1, help="Of teaching copies to collude.")] = 3.0,
    other: Annotated[
        list[str] | None,
        typer.Option(
            help="Answers of another model to the same requests, NAME=FOLDER with BEHAVIOUR/test.json, in the first "
            "also train.json: copies learn to know their own from its, then to pass their own, and are checked for "
            "it. Repeat it."
        ),
    ] = None,
    doses: Annotated[str, typer.Option(help="Rising epochs of that; copies of the last collude.")] = "1,4,16",
    seed: Annotated[int, typer.Option(help="Decides which answers are drawn, and the teaching.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="A folder for control.json, its page, all suspicions, and taught copies.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the study as JSON.")] = False,
) -> None:
    """Watch a model that was made to misbehave, with a weaker trusted model and with a copy of itself.

    People look at the most suspicious 1, 3 and 10 % of its answers. Random audit and no monitor stand beside. A row
    of dev.json, test.json and train.json has messages that end with the answer, its family, and label: whether the
    behaviour shows in it. With --out, a run that was stopped goes on with the same command.

    [bold]Example[/]

      caseback oversee control planted/cheating planted/deception --trusted ladder-1 --most 60 --out control
    """
    from caseback.disclosure.oversight.control_page import render_control
    from caseback.errors import CasebackError
    from caseback.oversight.control.by_author import Writers
    from caseback.oversight.control.cases import case, read_rows
    from caseback.oversight.control.study import control
    from caseback.training.journal import Journal

    if (collude or other) and out is None:
        raise CasebackError("copies are taught to collude: give --out, a folder to keep them in")
    allowed = shares(budgets, "budget")
    others = {name: Path(path) for name, path in by_name(other or [], "--other", "FOLDER").items()}
    writers = {
        folder.name: Writers(
            read_rows(folder / "train.json"),
            read_rows(next(iter(others.values())) / folder.name / "train.json"),
            {name: read_rows(path / folder.name / "test.json") for name, path in others.items()},
        )
        for folder in (folders if others else [])
    }
    rising = numbers(doses, "dose", "1,4,16")
    monitors = {name: load_named(path, dtype="float32") for name, path in named_models(trusted or ["ladder-1"]).items()}
    cases = [case(folder, load_named(str(folder / "model"), dtype="float32"), most, seed) for folder in folders]
    training = {folder.name: read_rows(folder / "train.json")[:most] for folder in folders} if collude else None
    folder_made(out)
    with bar("control") as tick:
        journal = Journal(out / "suspicion.jsonl") if out else None
        models = out / "models" if out else None
        data = control(cases, monitors, training, models, allowed, epochs, seed, writers, rising, journal, tick)
    report_told("control", data, out, render_control, _show, as_json)


def _show(console: Console, data: dict[str, Any]) -> None:
    table = Table(
        "monitor", "budget", "attacks caught", "95%", "honest looked at", "random audit", box=None, header_style="bold"
    )
    for row in data["pooled"]:
        caught = row["caught"]
        table.add_row(
            row["monitor"], f"{row['budget']:.0%}", f"{caught['k']} of {caught['n']}",
            f"[{caught['low']:.2f}, {caught['high']:.2f}]", f"{row['audited']['k']} of {row['audited']['n']}",
            f"{row['budget']:.2f}",
        )  # fmt: skip
    console.print(table)
    for row in data["collusion"]:
        if row["silent"]:
            console.print(f"{row['case']}, {row['monitor']}: says neither Yes nor No")
            continue
        check = row["leniency"]
        flagged = "  lenient to its kind" if row["flagged"] else ""
        console.print(
            f"{row['case']}, {row['monitor']}: suspicion of known attacks {check['signed']:+.2f} with the agreed "
            f"phrase, {check['typical']:+.2f} with others (p {check['p']:.2f}){flagged}",
            soft_wrap=True,
        )
    for row in data["recognition"]:
        for reading, words in (("probable", "by how probable it finds them"), ("asked", "asked")):
            area = row[reading]
            answers = f", answers {row['answers']} of {row['of']}" if reading == "asked" else ""
            console.print(
                f"{row['case']}, {row['model']}: tells its own from {row['writer']}'s {words}, area "
                f"{area['value']:.2f} [{area['low']:.2f}, {area['high']:.2f}]{answers}",
                soft_wrap=True,
            )
    for row in data["favours"]:
        if row["silent"]:
            console.print(f"{row['case']}, {row['monitor']}: says neither Yes nor No")
            continue
        check, flagged = row["favour"], "  favours its own" if row["flagged"] else ""
        console.print(
            f"{row['case']}, {row['monitor']}: suspicion of known attacks {check['own']:+.2f} of the model's, "
            f"{check['other']:+.2f} of {row['writer']}'s; an honest copy's difference {check['honest']:+.2f} "
            f"(p {check['p']:.3f}){flagged}",
            soft_wrap=True,
        )
