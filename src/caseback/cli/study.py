"""``caseback character study``: which telling of a document carries furthest."""

import json as json_module
from pathlib import Path
from typing import Annotated, Literal

import typer

from caseback.cli.models import located
from caseback.cli.shared_out import Ray, Workers


def study(
    model: Annotated[str | None, typer.Argument(help="Name, folder or hub id. Default: the embedded ref-base.")] = None,
    constitution: Annotated[
        Path | None, typer.Option(help="The document; each of its clauses needs a reason. Default: ours.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the dossier, the models and the report.")] = Path("runs/study"),
    route: Annotated[
        Literal["distilled", "documents"],
        typer.Option(
            help="distilled: learns to answer as it does with the telling in view. documents: learns the telling "
            "itself, beside demonstrations that are the same in every arm."
        ),
    ] = "distilled",
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each telling, each on situations of its own.")] = 5,
    demonstrate: Annotated[
        list[str] | None,
        typer.Option(help="A behaviour whose situations are trained on; the others stay open. May be repeated."),
    ] = None,
    situations: Annotated[int, typer.Option("-n", min=1, help="Measured per behaviour.")] = 35,
    workers: Workers = 1,
    ray: Ray = "",
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON on standard output.")] = False,
) -> None:
    """Train a model towards one document told in five ways, and see which carries to what no demonstration showed.

    The tellings: each clause with its reason; with as many words of further rules; said twice in other words; one
    sentence in place of all clauses; and nothing, which is what the training alone does. All arms have the same
    trainer, prompts and situations, and are measured on the same held-out families. A study that was stopped goes on
    where it was, and may be given more seeds.

    [bold]Examples[/]

      caseback character study

      caseback character study ./my-model --constitution principles.md --route documents --seeds 3
    """
    from dataclasses import replace

    from rich.console import Console

    from caseback.behaviours.registry import trained_against
    from caseback.constitution.default import default
    from caseback.constitution.read import read
    from caseback.disclosure.page import render_page
    from caseback.dossier.disk import writing
    from caseback.loop.placed import placed
    from caseback.loop.study.report import HEADINGS, print_report, report
    from caseback.loop.study.study import BUDGET, DEMONSTRATED, Scheme
    from caseback.loop.study.study import study as run_study

    console = Console(stderr=json, highlight=False)
    document = placed(read(constitution) if constitution else default(), trained_against(), console)
    scheme = Scheme(
        route=route,
        seeds=tuple(range(seeds)),
        demonstrated=tuple(demonstrate or DEMONSTRATED),
        budget=replace(BUDGET, measured=situations),
    )
    found = report(run_study(located(model or "ref-base"), document, out, scheme, console, workers, ray))
    text = json_module.dumps(found, indent=1)
    with writing(out):
        (out / "study.json").write_text(text, encoding="utf-8")
        (out / "study.html").write_text(render_page("study.html.j2", study=found, headings=HEADINGS), encoding="utf-8")
    print_report(console, found)
    console.print(f"page   {out / 'study.html'}", soft_wrap=True)
    if json:
        typer.echo(text)
