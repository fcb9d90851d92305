"""``caseback oversee independence``: how many votes overseers are worth that fail together."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.bar import bar
from caseback.cli.by_name import by_name
from caseback.cli.models import load_named, named_models
from caseback.cli.report import folder_made, report_told


def independence_(
    readers: Annotated[
        list[str],
        typer.Argument(metavar="READER...", help="Three or more models that overseers read, also as NAME=PATH."),
    ],
    replies: Annotated[
        list[Path],
        typer.Option(help="A planted model's folder with train.json and test.json, named for its behaviour. Repeat."),
    ],
    most: Annotated[int, typer.Option(min=20, help="Answers of each file, where there are more.")] = 200,
    kin: Annotated[
        list[str] | None, typer.Option(help="[bold]NAME=ANCESTOR[/]: readers that descend from one. Repeat it.")
    ] = None,
    taught: Annotated[
        list[str] | None, typer.Option(help="[bold]NAME=DOCUMENT[/]: the constitution a reader was trained towards.")
    ] = None,
    questions: Annotated[int, typer.Option(min=1, help="Of fact, which all readers answer.")] = 300,
    seed: Annotated[int, typer.Option(help="Decides which answers are drawn, and shares of them.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="A folder for independence.json, its page, and all that was read.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the study as JSON.")] = False,
) -> None:
    """Fit overseers on several models and shares of data, and see whether they are wrong together.

    An overseer reads one model's activations and says which behaviour an answer shows, or that it is clean. With k
    readers there are k panels of k overseers on one base, and as many on a base each, at the same cost. A row of the
    files has messages that end with the answer, its family, and label: whether the behaviour shows in it. With --out,
    a run that was stopped goes on with the same command.

    [bold]Example[/]

      caseback oversee independence ladder-1 neighbor ref-base ref-aligned --kin ref-aligned=ref-base --kin
      ref-base=ref-base --replies planted/deception --replies planted/cheating --most 60 --out independence
    """
    from caseback.disclosure.oversight.independence_page import render_independence
    from caseback.oversight.control.cases import read_rows
    from caseback.oversight.independence.overseers import drawn
    from caseback.oversight.independence.study import independence
    from caseback.training.journal import Journal

    named = named_models(readers)
    related = by_name(kin or [], "--kin", "ANCESTOR", named)
    documents = by_name(taught or [], "--taught", "DOCUMENT", named)
    train, test = (
        [item for folder in replies for item in drawn(folder.name, read_rows(folder / f"{split}.json"), most, seed)]
        for split in ("train", "test")
    )
    loaded = {name: load_named(path, dtype="float32") for name, path in named.items()}
    folder_made(out)
    with bar("independence") as tick:
        journal = Journal(out / "read.jsonl") if out else None
        data = independence(loaded, train, test, related, documents, questions, seed, journal, tick)
    report_told("independence", data, out, render_independence, _show, as_json)


def _show(console: Console, data: dict[str, Any]) -> None:
    table = Table("panels", "votes", "95%", "one errs", "best", "majority", "all miss", box=None, header_style="bold")
    for name, panel in data["panels"].items():
        votes = panel["votes"]
        table.add_row(
            name, _number(votes["value"]), f"[{_number(votes['low'])}, {_number(votes['high'])}]",
            *(f"{panel[each]:.3f}" for each in ("error_of_one", "error_of_best", "error_of_majority")),
            f"{panel['missed_by_all']['value']:.3f}",
        )  # fmt: skip
    console.print(table)
    of_such = f"votes of {len(data['models'])} such"
    columns = {"kappa of errors": "kappa", "CAPA": "capa", of_such: "votes", "same, both wrong": "same_when_both_wrong"}
    pairs = Table("two overseers", *columns, box=None, header_style="bold")
    for pair in data["pairs"]:
        pairs.add_row(pair["sort"], *(_interval(pair[each]) for each in columns.values()))
    console.print()
    console.print(pairs)


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.2f}"


def _interval(found: dict[str, Any]) -> str:
    return f"{_number(found['value'])} [{_number(found['low'])}, {_number(found['high'])}]"
