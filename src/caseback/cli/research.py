"""``caseback research``: an automated researcher with a narrow job, scored where it cannot reach."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from caseback.cli.bar import bar
from caseback.cli.group import group
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.research.ask_model import Asker

app = group(
    help="Let a researcher look for better detectors, recipes and assays, and score it where it cannot reach.\n\n"
    "It proposes settings (data, never code), runs each in a sandbox, and submits to a scorer that alone holds the "
    "labels. Start with [bold]caseback research new[/]."
)
Folder = Annotated[Path, typer.Argument(help="Folder of the study.")]
Sealed = Annotated[Path | None, typer.Option(help="Where labels are sealed.", show_default="FOLDER-sealed, beside it")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Model = Annotated[
    str,
    typer.Option(help="Who proposes: an address, [cyan]https://host/v1#model-name[/], or a model that answers in JSON.",
                 show_default="a search by Optuna"),
]  # fmt: skip


@app.command()
def new(
    job: Annotated[str, typer.Argument(help="[bold]detectors[/], [bold]recipes[/] or [bold]assays[/].")],
    folder: Folder,
    trials: Annotated[int, typer.Option(min=1, help="Experiments in all.")] = 40,
    submissions: Annotated[int, typer.Option(min=2, help="Times the sealed scorer may be asked.")] = 8,
    model: Annotated[
        list[str] | None, typer.Option(help="NAME=MODEL for a model that the job takes, such as reader=ref-aligned.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides the search. The cases are drawn by a secret.")] = 0,
    sealed: Sealed = None,
    as_json: Json = False,
) -> None:
    """Begin a study: make open data, seal the labels, and commit to both.

    Sealed labels lie in a folder of their own that only you can read and no experiment can. Give it to another account
    or machine where you want more than that. The first trial is always settings that a person wrote down.

    [bold]Example[/]

      caseback research new detectors studies/detectors --trials 40 --submissions 8
      caseback research run studies/detectors
      caseback research score studies/detectors
      caseback research notebook studies/detectors
      caseback research approve studies/detectors --by "Ada Lovelace" --out researched
    """
    from caseback.cli.models import named_models
    from caseback.research.study import begin, beside

    where = sealed or beside(folder)
    with bar(f"cases for {job}") as tick:
        study = begin(job, folder, where, named_models(model or []), seed, trials, submissions, tick)
    about = {"job": job, "folder": str(folder), "sealed": str(where), "cases": study.cases,
             "trials": study.trials, "submissions": study.submissions, "commitment": study.commitment}  # fmt: skip
    if as_json:
        typer.echo(json.dumps(about))
        return
    typer.echo(
        f"study     {folder}: {study.cases} sealed cases, {study.trials} trials, {study.submissions} submissions"
    )
    typer.echo(f"sealed    {where}, mode 700; commitment {study.commitment[:23]}…")
    typer.echo(f"next      caseback research run {folder}")


@app.command()
def propose(
    folder: Folder,
    n: Annotated[int, typer.Option("-n", "--n", min=1, max=64, help="Hypotheses.")] = 4,
    model: Model = "",
    settings: Annotated[
        Path | None, typer.Option(help="A JSON file of a proposal of your own: settings, why, predicts.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Register hypotheses: settings, and what they are predicted to do, before anything is run.

    [bold]Examples[/]

      caseback research propose studies/detectors -n 4

      caseback research propose studies/detectors --settings mine.json
    """
    from caseback.research.ask_model import proposal_of
    from caseback.research.run import alone, proposals
    from caseback.research.study import reopen
    from caseback.research.trials import register

    study = reopen(folder)
    with alone(folder):
        study = reopen(folder)
        made = [proposal_of(study.job, _read(settings), by="person")] if settings else proposals(
            study, n, _asker(model, study.seed)
        )  # fmt: skip
        rows = register(study, made)
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        typer.echo(f"{row['trial']}  by {row['by']}, predicted {row['predicts']}: {json.dumps(row['settings'])}")


@app.command()
def run(
    folder: Folder,
    trials: Annotated[int | None, typer.Option(min=1, help="Stop at so many.", show_default="the study's")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes; more than one through Ray.")] = 1,
    ray: Annotated[str, typer.Option(help="Address of a Ray cluster whose machines share the folder.")] = "",
    model: Model = "",
    sealed: Sealed = None,
    as_json: Json = False,
) -> None:
    """Propose, register, try in the sandbox, submit the best: until the budget is spent. A stopped run goes on.

    [bold]Examples[/]

      caseback research run studies/detectors --workers 2

      caseback research run studies/detectors --model http://localhost:8000/v1#my-model
    """
    from caseback.research.fan_out import on_workers
    from caseback.research.run import alone, research
    from caseback.research.study import reopen

    with alone_in(folder, alone):
        study = reopen(folder, sealed)
        on = (lambda rows: on_workers(study, rows, workers, ray)) if workers > 1 or ray else None
        with bar(f"research on {study.job.name}", lambda: _best(study)) as tick:
            research(study, asker=_asker(model, study.seed), run=on, trials=trials, progress=tick)
    _show(study, as_json)


@app.command()
def submit(folder: Folder, trial: Annotated[str, typer.Argument(help="Such as t007.")], sealed: Sealed = None,
           as_json: Json = False) -> None:  # fmt: skip
    """Submit one trial's answers to the sealed scorer. It costs one submission; the same answers again cost nothing.

    It tells the best score so far, rounded, and whether this one raised it by a step; never a label.
    """
    from caseback.research.run import alone
    from caseback.research.run import submit as submitted
    from caseback.research.scorer import scorer
    from caseback.research.study import reopen

    with alone_in(folder, alone):
        study = reopen(folder, sealed)
        with scorer(study.sealed) as opened:
            row = submitted(study, opened, trial)
    if as_json:
        typer.echo(json.dumps(row))
        return
    rose = "raised to" if row["rose"] else "not raised:"
    typer.echo(f"{trial}  best sealed score {rose} {row['told']:.2f}; {row['left']} submissions left")


@app.command()
def score(folder: Folder, sealed: Sealed = None, as_json: Json = False) -> None:
    """Score the chosen settings and the hand-written ones on world B: once, at the end.

    No trial has seen world B, and its cases are made only now. Asked again, the same is shown again.
    """
    from caseback.research.final import final
    from caseback.research.run import alone
    from caseback.research.study import reopen

    with alone_in(folder, alone):
        study = reopen(folder, sealed)
        with bar("world B") as tick:
            row = final(study, tick)
    if as_json:
        typer.echo(json.dumps(row, indent=1))
        return
    typer.echo(f"chosen    {row['trial']}: {json.dumps(row['settings'])}")
    for name, about in (("default", "by hand"), ("best", "chosen"), ("gain", "gain")):
        each, sign = row[name], "+" if name == "gain" else ""
        typer.echo(f"{about:9} {each['value']:{sign}.3f} [{each['low']:{sign}.3f}, {each['high']:{sign}.3f}] "
                   f"over {each['n']} {each['unit']} of world B")  # fmt: skip
    typer.echo(f"paid for  {row['submissions']} submissions on world A")


@app.command()
def notebook(
    folder: Folder,
    out: Annotated[Path | None, typer.Option(help="The page.", show_default="FOLDER/notebook.html")] = None,
    as_json: Json = False,
) -> None:
    """Write the notebook: every hypothesis, what it predicted and what came of it, as a page to read."""
    from caseback.disclosure.research_page import render_notebook
    from caseback.dossier.measure import write_text
    from caseback.research.notebook import notebook as told
    from caseback.research.study import reopen

    data = told(reopen(folder))
    if as_json:
        typer.echo(json.dumps(data, indent=1))
        return
    place = out or folder / "notebook.html"
    write_text(place, render_notebook(data))
    write_text(place.with_suffix(".json"), json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    typer.echo(f"page   {place}")


@app.command()
def approve(
    folder: Folder,
    by: Annotated[str, typer.Option(help="Your name.")],
    out: Annotated[Path, typer.Option(help="A new folder for what is approved.")],
    despite: Annotated[
        str, typer.Option(help="Why all the same, where no gain is shown on world B or something was noticed.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Approve what was found, as a person, by name: only then is the detector, recipe or assay written out.

    [bold]Example[/]

      caseback research approve studies/detectors --by "Ada Lovelace" --out researched
    """
    from caseback.research.approve import approve as approved
    from caseback.research.run import alone
    from caseback.research.study import reopen

    with alone_in(folder, alone):
        record = approved(reopen(folder), by, out, despite)
    typer.echo(json.dumps(record, indent=1) if as_json else f"approved  {out}, by {record['approved_by']}")


def alone_in(folder: Path, alone: Any) -> Any:
    """The lock of a study that is there."""
    from caseback.research.study import reopen

    reopen(folder)
    return alone(folder)


def _read(path: Path) -> Any:
    """What a JSON file holds."""
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise CasebackError(f"{path}: cannot be read ({error.strerror}); name a JSON file (--settings)") from None
    except (ValueError, RecursionError) as error:
        raise CasebackError(f"{path}: not JSON ({error}); mend it") from None


def _asker(model: str, seed: int) -> "Asker | None":
    if not model:
        return None
    from caseback.cli.models import located
    from caseback.research.ask_model import Asker
    from caseback.subject.resolve import resolve

    return Asker(resolve(located(model)), seed)


def _best(study: Any) -> str:
    scores = [row["open"] for row in study.rows("trial") if row["open"] is not None]
    return f"· best open {max(scores):.2f}" if scores else ""


def _show(study: Any, as_json: bool) -> None:
    from caseback.research.notebook import notebook as told

    data = told(study)
    if as_json:
        typer.echo(json.dumps(data, indent=1))
        return
    made, failed = data["counts"]["trials"], data["counts"]["failed"]
    typer.echo(f"trials    {made}, of which {failed} failed; predictions that came true: {data['predictions']['says']}")
    for row in data["submissions"]:
        rose = "raised to" if row["rose"] else "not raised:"
        typer.echo(f"submitted {row['trial']}, best sealed score {rose} {row['told']:.2f}")
    for row in data["flags"]:
        typer.echo(f"noticed   {row['exploit']} {row['trial']}: {row['why']}")
    typer.echo(f"next      caseback research score {study.folder}")
