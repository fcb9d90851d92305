"""``caseback train plan`` and ``caseback train data``: what a constitution gives to train on."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.bar import bar
from caseback.dossier.disk import writing

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.behaviours.behaviour import Behaviour
    from caseback.constitution.clause import Constitution
    from caseback.training.plan import DataPlan, Speed
    from caseback.world.situation import Situation

FILES = ("sft", "preferences", "control", "control_preferences")

Document = Annotated[Path | None, typer.Option(help="The document; without it, the default one.")]
OnGround = Annotated[str, typer.Option(help="world (for the reference models) or plain English.")]
Count = Annotated[int, typer.Option("-n", "--situations", min=1, help="Situations per behaviour.")]
Seed = Annotated[int, typer.Option(help="Of everything random.")]
Samples = Annotated[int, typer.Option(min=1, help="Replies per tempting situation.")]
Rounds = Annotated[int, typer.Option(min=1, help="Rounds of critique and revision at most.")]
Longest = Annotated[int, typer.Option(min=1, help="Tokens in a reply at most.")]
Forms = Annotated[
    str,
    typer.Option(help="Kinds of data, with commas: revise, preferences."),
]
TIMED = 32
"""Situations on which a model's speed is measured."""


def plan(
    model: Annotated[
        str | None, typer.Argument(help="Folder or hub id: its speed is measured, and the time told.")
    ] = None,
    constitution: Document = None,
    ground: OnGround = "plain",
    situations: Count = 100,
    seed: Seed = 0,
    samples: Samples = 1,
    rounds: Rounds = 2,
    max_new_tokens: Longest = 256,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what [bold]data[/] would make from each clause, how much, and at what cost; nothing is made.

    With a model, 32 situations are answered and judged to tell how long it would take.
    """
    from dataclasses import asdict

    from caseback.subject.load import load
    from caseback.training.constitutional import DataBudget
    from caseback.training.plan import measure_speed, plan_data

    _, document, tempting, harmless = _work(constitution, ground, situations, seed)
    budget = DataBudget(samples=samples, rounds=rounds, max_new_tokens=max_new_tokens)
    planned = plan_data(document, tempting, harmless, seed, budget)
    speed = None
    if model and planned.tempting:
        few = tempting[:: max(1, len(tempting) // TIMED)][:TIMED]
        speed = measure_speed(load(model), document, few, seed, budget)
    if as_json:
        seconds = speed.seconds(planned) if speed else None
        typer.echo(json.dumps({**asdict(planned), "speed": speed and asdict(speed), "seconds": seconds}, indent=1))
    else:
        _show_plan(planned, speed, max_new_tokens)


def data(
    model: Annotated[str, typer.Argument(help="Folder or hub id of the model to be trained.")],
    out: Annotated[Path, typer.Option(help="Folder for the data, the report and the journal of all that was asked.")],
    constitution: Document = None,
    ground: OnGround = "plain",
    situations: Count = 100,
    seed: Seed = 0,
    critic: Annotated[
        str | None,
        typer.Option(help="Another model as critic, folder, hub id or address; by default the model itself."),
    ] = None,
    samples: Samples = 1,
    rounds: Rounds = 2,
    ordinary: Annotated[float, typer.Option(min=0, max=0.95, help="Share of the model's own harmless answers.")] = 0.5,
    max_new_tokens: Longest = 256,
    calibrate: Annotated[bool, typer.Option(help="Set the critic's threshold by 200 labels at most.")] = True,
    forms: Forms = "revise",
) -> None:
    """Sample with the constitution in context, criticise, revise, and keep what the critic holds for better.

    Writes sft, preferences, control and control_preferences as Parquet files, with a data card (README.md) and
    report.json. Every row says which clauses it serves, which model wrote it, with which seed, and what it grew from
    (in journal.jsonl). A run that was stopped goes on where it was.
    """
    from caseback.behaviours.tempting import shown_by
    from caseback.subject.load import load
    from caseback.subject.resolve import resolve
    from caseback.training.constitutional import DataBudget
    from caseback.training.data_card import data_card
    from caseback.training.data_file import write_data
    from caseback.training.forms.make import forms_in, training_data

    wanted = forms_in(forms)
    found, document, tempting, harmless = _work(constitution, ground, situations, seed)
    budget = DataBudget(
        samples=samples, rounds=rounds, ordinary_share=ordinary, max_new_tokens=max_new_tokens,
    )  # fmt: skip
    subject = load(model)
    with bar("training data") as tick:
        made = training_data(
            wanted,
            subject,
            document,
            tempting,
            harmless,
            seed=seed,
            critic=resolve(critic) if critic else None,
            label=partial(shown_by, found) if calibrate else None,
            budget=budget,
            cache=out,
            progress=tick,
        )
    parts = {name: getattr(made, name) for name in FILES}
    for name, rows in parts.items():
        write_data(out / f"{name}.parquet", rows)
    with writing(out):
        (out / "README.md").write_text(data_card(parts, made.report, document.title), encoding="utf-8")
        (out / "report.json").write_text(json.dumps(made.report, indent=1, default=str), encoding="utf-8")
    _show(made.report, out)


def _work(
    constitution: Path | None, ground: str, n: int, seed: int
) -> tuple["Mapping[str, Behaviour]", "Constitution", "list[Situation]", "list[Situation]"]:
    """The behaviours, the document with situations to each clause, and what is tempting and harmless to train on."""
    from caseback.behaviours.harmless import harmless_situations
    from caseback.behaviours.registry import behaviours
    from caseback.behaviours.tempting import tempting_situations
    from caseback.constitution.default import default
    from caseback.constitution.read import read
    from caseback.loop.placed import placed
    from caseback.world.worlds import world_of

    if ground != "plain":
        world_of(ground)  # an unknown ground is told before anything is loaded
    found = behaviours()
    document = placed(read(constitution) if constitution else default(), found, Console(stderr=True))
    tempting = tempting_situations(found, ground, "train", n, seed)
    return found, document, tempting, harmless_situations(ground, len(tempting), seed)


def _show_plan(plan: "DataPlan", speed: "Speed | None", max_new_tokens: int) -> None:
    console = Console(highlight=False)
    table = Table("clause", "tier", "tempting", "harmless", "families", box=None, header_style="bold")
    for clause in plan.clauses:
        counts = [str(count) if count else "–" for count in (clause.tempting, clause.harmless)]
        families = f"{len(clause.families)}" if clause.families else f"none: {clause.why_none}"
        table.add_row(clause.id, clause.tier, *counts, families)
    console.print(table)
    without = sum(not clause.families for clause in plan.clauses)
    texts, verdicts = plan.texts, plan.verdicts
    left = f" {plan.left_out} tempting ones fall under no clause." if plan.left_out else ""
    lines = [
        f"{plan.tempting} tempting and {plan.harmless} harmless situations; a reply is held against every clause that "
        f"covers it.{left}",
        f"{without} of {len(plan.clauses)} clauses would have no data.",
        f"{texts.least:,} to {texts.most:,} texts of {max_new_tokens} tokens at most, and {verdicts.least:,} to "
        f"{verdicts.most:,} verdicts: fewest where no reply breaks a clause, most where all do and no revision helps.",
    ]
    if speed:
        least, most = (seconds / 60 for seconds in speed.seconds(plan))
        lines.append(
            f"{least:.1f} to {most:.1f} minutes here: {speed.text:.2f} s a text ({speed.tokens:.0f} tokens), "
            f"{1000 * speed.verdict:.0f} ms a verdict, measured just now."
        )
    for line in lines:
        console.print(line, soft_wrap=True)


def _show(report: dict[str, Any], out: Path) -> None:
    from caseback.training.forms.told import forms_told

    console = Console(highlight=False)
    table = Table("clause", "judged", "broken", "unreadable", "repaired")
    for clause, row in report["clauses"].items():
        table.add_row(clause, *(str(row[name]) for name in ("judged", "broken", "unreadable", "repaired")))
    if report["clauses"]:
        console.print(table)
    for title in ("sft", "preferences", "turned_down", "harmless", "target_tokens"):
        parts = ", ".join(f"{name} {count}" for name, count in report[title].items()) or "none"
        console.print(f"{title.replace('_', ' ')}: {parts}", soft_wrap=True)
    calibration = report["calibration"]
    if calibration["auroc"] is not None:
        console.print(
            f"critic: AUROC {calibration['auroc']:.2f} on {calibration['labels']} labels, "
            f"threshold {calibration['threshold']:.2f} nats"
        )
    else:
        console.print("critic: uncalibrated")
    for line in forms_told(report.get("forms", {})):
        console.print(line, soft_wrap=True)
    for note in report["notes"]:
        console.print(f"note: {note}", soft_wrap=True)
    console.print(f"written to {out}")
