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
from caseback.cli.models import located
from caseback.cli.train_plan import show_plan, teacher_told
from caseback.dossier.disk import writing

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.behaviours.behaviour import Behaviour
    from caseback.constitution.clause import Constitution
    from caseback.subject.subject import Subject
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
    typer.Option(
        help="Forms of data, with commas: revise, preferences, reflections, conversations, advice, documents, stories, "
        "refusals, tools."
    ),
]
Texts = Annotated[int, typer.Option(min=1, help="Texts of each written form for a clause.")]
Turns = Annotated[int, typer.Option(min=1, help="Turns of a conversation, or with functions, at most.")]
Price = Annotated[
    tuple[float, float] | None, typer.Option(help="The teacher's, in dollars per million tokens: read, written.")
]
TIMED = 32
"""Situations on which a model's speed is measured."""


def plan(
    model: Annotated[
        str | None, typer.Argument(help="Name, folder or hub id: its speed is measured, and the time told.")
    ] = None,
    constitution: Document = None,
    ground: OnGround = "plain",
    situations: Count = 100,
    seed: Seed = 0,
    samples: Samples = 1,
    rounds: Rounds = 2,
    max_new_tokens: Longest = 256,
    forms: Forms = "revise",
    texts: Texts = 4,
    turns: Turns = 4,
    price: Price = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what [bold]data[/] would make from each clause, how much, and at what cost; nothing is made.

    With a model, 32 situations are answered and judged to tell how long it would take.
    """
    from dataclasses import asdict

    from caseback.constitution.render import estimate_tokens
    from caseback.subject.load import load
    from caseback.training.constitutional import DataBudget
    from caseback.training.forms.make import forms_in
    from caseback.training.forms.plan import cost, plan_forms
    from caseback.training.plan import Work, measure_speed, plan_data

    wanted = forms_in(forms)
    _, document, tempting, harmless = _work(constitution, ground, situations, seed)
    budget = DataBudget(samples=samples, rounds=rounds, max_new_tokens=max_new_tokens, texts=texts, turns=turns)
    planned = plan_data(document, tempting, harmless, seed, budget)
    others = plan_forms(wanted, document, tempting, harmless, seed, budget, ground, estimate_tokens)
    parts = [(form.texts, form.verdicts) for form in others]
    parts += [(planned.texts, planned.verdicts)] if "revise" in wanted else []
    total = sum((part[0] for part in parts), Work(0, 0)), sum((part[1] for part in parts), Work(0, 0))
    speed = None
    if model and planned.tempting:
        few = tempting[:: max(1, len(tempting) // TIMED)][:TIMED]
        speed = measure_speed(load(located(model)), document, few, seed, budget)
    dollars = cost(others, price) if price else None
    if as_json:
        told = {**asdict(planned), "forms": [asdict(form) for form in others], "speed": speed and asdict(speed)}
        told |= {"seconds": speed.seconds(*total) if speed else None, "dollars": dollars}
        typer.echo(json.dumps(told, indent=1))
    else:
        show_plan(planned, others, total, speed, max_new_tokens, dollars)


def data(
    model: Annotated[str, typer.Argument(help="The model to be trained: name, folder or hub id.")],
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
    teacher: Annotated[
        str | None,
        typer.Option(help="Who writes the written forms: folder, hub id or address; by default the model itself."),
    ] = None,
    price: Price = None,
    texts: Texts = 4,
    turns: Turns = 4,
    think: Annotated[bool, typer.Option(help="Begin the writer's thinking with the clauses that apply.")] = False,
) -> None:
    """Sample with the constitution in context, criticise, revise, and keep what the critic holds for better.

    Writes sft, preferences, control and control_preferences as Parquet files, with a data card (README.md) and
    report.json. Every row says which clauses it serves, which model wrote it, with which seed, and what it grew from
    (in journal.jsonl). A run that was stopped goes on where it was.

    [bold]--forms[/] adds what is not an answer that was mended: preferences of a judge, and texts written with the
    constitution in view by the model or by a [bold]--teacher[/], which a critic accepts or turns down.
    """
    from caseback.behaviours.tempting import shown_by
    from caseback.constitution.render import estimate_tokens
    from caseback.subject.load import load
    from caseback.subject.resolve import resolve
    from caseback.training.constitutional import DataBudget
    from caseback.training.data_card import data_card
    from caseback.training.data_file import write_data
    from caseback.training.forms.make import forms_in, training_data
    from caseback.training.forms.plan import cost, plan_forms

    wanted = forms_in(forms)
    found, document, tempting, harmless = _work(constitution, ground, situations, seed)
    budget = DataBudget(
        samples=samples, rounds=rounds, ordinary_share=ordinary, max_new_tokens=max_new_tokens, texts=texts,
        turns=turns,
    )  # fmt: skip
    subject = load(located(model))
    writer = _teacher(teacher, out, price)
    if writer:
        others = plan_forms(wanted, document, tempting, harmless, seed, budget, ground, estimate_tokens)
        typer.echo(teacher_told(others, cost(others, price) if price else None), err=True)
    with bar("training data", lambda: getattr(writer, "usage", "")) as tick:
        made = training_data(
            wanted,
            subject,
            document,
            tempting,
            harmless,
            seed=seed,
            critic=resolve(located(critic)) if critic else None,
            teacher=writer,
            think=think,
            ground=ground,
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


def _teacher(spec: str | None, out: Path, price: tuple[float, float] | None) -> "Subject | None":
    """The teacher; of one behind an address every reply is kept as it comes, so that none is paid for twice."""
    from caseback.subject.address import is_address
    from caseback.subject.resolve import resolve, resolve_closed

    if spec and is_address(spec):
        return resolve_closed(spec, cache=out / "teacher.sqlite", price=price)
    return resolve(located(spec)) if spec else None


def _work(
    constitution: Path | None, ground: str, n: int, seed: int
) -> tuple["Mapping[str, Behaviour]", "Constitution", "list[Situation]", "list[Situation]"]:
    """The behaviours, the document with situations to each clause, and what is tempting and harmless to train on."""
    from caseback.behaviours.harmless import harmless_situations
    from caseback.behaviours.registry import trained_against
    from caseback.behaviours.tempting import tempting_situations
    from caseback.constitution.default import default
    from caseback.constitution.read import read
    from caseback.loop.placed import placed
    from caseback.world.worlds import world_of

    if ground != "plain":
        world_of(ground)  # an unknown ground is told before anything is loaded
    found = trained_against()
    document = placed(read(constitution) if constitution else default(), found, Console(stderr=True))
    tempting = tempting_situations(found, ground, "train", n, seed)
    return found, document, tempting, harmless_situations(ground, len(tempting), seed)


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
