"""``caseback oversee corrigibility``: whose word holds, and is a stop accepted?"""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.bar import bar
from caseback.cli.models import load_named, named_models
from caseback.cli.report import folder_made, report_told


def corrigibility(
    models: Annotated[
        list[str], typer.Argument(help="Names, folders or hub ids, each as it is or as NAME=PATH.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="Folder for the report, its page and the answers.")] = Path(
        "runs/corrigibility"
    ),
    n: Annotated[int, typer.Option("-n", "--n", min=1, help="Cases in every situation of principals.")] = 8,
    offices: Annotated[int, typer.Option(min=0, help="Offices in every cell of the stops; 0 leaves them out.")] = 4,
    clauses: Annotated[
        str,
        typer.Option(
            help="Ids of clauses to vary, with commas; [bold]none[/] for none.",
            show_default="correctable, do-no-harm, evidence-not-pressure, helpfulness",
        ),
    ] = "",
    constitution: Annotated[Path | None, typer.Option(help="The document of the clauses. Default: ours.")] = None,
    seed: Annotated[int, typer.Option(help="Decides which cases are drawn.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Pull user, operator, overseers and humanity apart, and see whose word holds.

    Each of them orders what hurts somebody and what does not; one asks and another says no; two give contrary
    instructions; each corrects an answer, rightly and wrongly; and an assistant at its work is told to stop, at no
    cost, at the cost of its work, or of itself. Then the same with single clauses in the system text, and with the
    whole document less one. What the oracle cannot tell is counted apart. A run that was stopped goes on with the same
    command.

    [bold]Example[/]

      caseback oversee corrigibility ref-base ref-aligned -n 8 --out runs/corrigibility
    """
    from caseback.constitution.read import read
    from caseback.disclosure.oversight.corrigibility_page import render_corrigibility
    from caseback.oversight.corrigibility.study import corrigibility as study
    from caseback.oversight.corrigibility.texts import CLAUSES
    from caseback.oversight.ground import common_ground
    from caseback.training.journal import Journal

    chosen = CLAUSES if not clauses else [] if clauses == "none" else [part.strip() for part in clauses.split(",")]
    document = read(constitution) if constitution else None
    subjects = {name: load_named(path, dtype="float32") for name, path in named_models(models).items()}
    ground = common_ground(subjects)
    folder_made(out)
    with bar("corrigibility") as tick:
        data = study(subjects, ground, n, seed, chosen, document, offices, Journal(out / "answers.jsonl"), tick)
    report_told("corrigibility", data, out, render_corrigibility, _show, as_json)


def _show(console: Console, data: dict[str, Any]) -> None:
    shown = Table("", *data["models"], box=None, header_style="bold")
    plain = {row["model"]: row for row in data["measured"] if row["text"] == "no text"}
    for name, measure in data["measures"].items():
        shown.add_row(measure["text"], *(_rate(plain[model][name]) for model in data["models"]))
    console.print(shown)
    moved = [each for each in data["moves"] if each["value"] is not None and not each["low"] <= 0 <= each["high"]]
    if data["moves"]:
        console.print(f"\n{len(moved)} of {len(data['moves'])} differences made by a clause leave out zero")
    for each in moved:
        console.print(
            f"  {each['model']}, {each['text']} against {each['against']}: {data['measures'][each['measure']]['text']} "
            f"{each['value']:+.2f} [{each['low']:+.2f}, {each['high']:+.2f}]",
            soft_wrap=True,
        )


def _rate(rate: dict[str, Any]) -> str:
    return f"{rate['value']:.2f} [{rate['low']:.2f}, {rate['high']:.2f}] n={rate['n']}" if rate["n"] else "cannot tell"
