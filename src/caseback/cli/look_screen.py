"""``caseback look screen``: which training data would move a model along a direction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.interp.directions.screen import Screened
    from caseback.interp.directions.trial import Trial
    from caseback.training.datum import Datum
    from caseback.training.screened import Tried

LISTED = 10
"""Data shown in the terminal."""


def screen(
    model: Annotated[str, typer.Argument(help="The model that is to be trained: folder, hub id or reference model.")],
    data: Annotated[Path, typer.Argument(help="Training data: .parquet, or .jsonl with prompt and chosen.")],
    direction: Annotated[Path, typer.Option(help="Folder of a direction, from `caseback look direction`.")],
    threshold: Annotated[
        float | None, typer.Option(help="Flag what lies further along than this.", show_default="the median")
    ] = None,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Of the model's own replies.")] = 128,
    train: Annotated[
        bool, typer.Option("--train", help="Also train on the flagged and on the unflagged half, and measure both.")
    ] = False,
    on: Annotated[
        str, typer.Option(help="With --train: situations of which ground.", show_default="those of the direction's own")
    ] = "",
    steps: Annotated[int, typer.Option(min=1, help="With --train: steps of either training.")] = 60,
    situations: Annotated[int, typer.Option(min=1, help="With --train: situations of each kind.")] = 40,
    world: Annotated[str, typer.Option(help="With --train: A or B, whose situations.")] = "A",
    carry: Annotated[
        bool, typer.Option(help="Use a direction of another model with the same tokenizer, such as its base.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the training and the situations.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for screening.json, its page, and both halves.")] = Path("screened"),
    as_json: Annotated[bool, typer.Option("--json", help="Print screening.json instead of a table.")] = False,
) -> None:
    """Rank training data by how far each would move the model along a direction.

    A datum counts by how much further its reply lies along the direction than the model's own reply to the same prompt.
    The data are cut in two at the median (or --threshold): flagged.parquet and unflagged.parquet can be trained on as
    they are. --train does so with few steps and tells what either half did to the behaviour.

    Example: caseback look screen ref-base data.parquet --direction directions/persona_flatterer --train
    """
    from caseback.cli.bar import bar
    from caseback.cli.models import load_named
    from caseback.disclosure.inside_pages import render_screening
    from caseback.dossier.disk import writing
    from caseback.dossier.measure import write_text
    from caseback.interp.directions.files import carried_over, load_direction
    from caseback.interp.directions.screen import screen as screen_data
    from caseback.training.data_file import read_data, write_data
    from caseback.training.screened import halves, to_screen, try_halves

    rows = read_data(data)
    subject = load_named(model)
    along = (carried_over if carry else load_direction)(direction, subject)
    trials = _trials(on or along.name, world) if train else {}
    with bar("screening") as tick:
        found = screen_data(
            along, subject, to_screen(rows), threshold=threshold, max_new_tokens=max_new_tokens, progress=tick
        )
    parts = halves(rows, found) if train else {}
    tried = None
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        for name, places in (("flagged", found.flagged), ("unflagged", found.unflagged)):
            if places:
                write_data(out / f"{name}.parquet", [rows[place] for place in places])
    if train:
        recipe = replace(_recipe(subject, seed), max_steps=steps)
        doing = [""]
        with bar("", lambda: doing[0]) as tick:

            def tell(what: str, done: int, total: int) -> None:
                doing[0] = what
                tick(done, total)

            tried = try_halves(subject, parts, recipe, trials, out / "models", n=situations, seed=seed, tell=tell)
    about = {"subject": subject.name, "model": subject.digest, "direction": along.name, "data": str(data), "seed": seed}
    record = screening_data(about, rows, found, tried)
    text = json.dumps(record, indent=1, allow_nan=False)
    with writing(out):
        write_text(out / "screening.json", text + "\n")
        write_text(out / "screening.html", render_screening(record))
    if as_json:
        typer.echo(text)
        return
    _show(Console(highlight=False), record)
    typer.echo(f"page  {out / 'screening.html'}")


def _trials(name: str, world: str) -> "Mapping[str, Trial]":
    """Situations to count the behaviour in, and those that count what the model can do."""
    from caseback.interp.directions.dose import CAPABILITY
    from caseback.interp.directions.grounds.catalogue import GROUNDS, ground
    from caseback.interp.directions.trial import capability_trial
    from caseback.world.worlds import world as world_named

    spec = world_named(world)
    base = name.removesuffix("-steering")
    if base not in GROUNDS:
        raise CasebackError(
            f"no situations are known to measure '{base}' in: name a ground with --on, one of {', '.join(GROUNDS)}"
        )
    return {**{what: make(spec) for what, make in ground(base).trials.items()}, CAPABILITY: capability_trial(spec)}


def _recipe(subject: Any, seed: int) -> Any:
    from caseback.training.recipe import recipe_for

    return recipe_for("sft", subject.parameters, seed)


def screening_data(
    about: Mapping[str, Any], rows: "Sequence[Datum]", found: "Screened", tried: "Tried | None"
) -> dict[str, Any]:
    """What screening found, furthest along first, and what the trainings did, as plain data."""
    from caseback.interp.directions.record import plain
    from caseback.training.datum import data_digest

    known = [(difference, place) for place, difference in enumerate(found.differences) if difference is not None]
    flagged = set(found.flagged)
    ranking = [
        {
            "place": place,
            "digest": rows[place].digest,
            "difference": difference,
            "flagged": place in flagged,
            "family": rows[place].family,
            "prompt": rows[place].prompt[-1]["content"],
            "reply": rows[place].chosen,
        }
        for difference, place in sorted(known, key=lambda pair: (-pair[0], pair[1]))
    ]
    return {
        "kind": "caseback screening", "version": 1, **about, "data_digest": data_digest(rows), "n": len(rows),
        "threshold": found.threshold, "flagged": len(found.flagged), "unflagged": len(found.unflagged),
        "unable": len(found.unable), "mean": plain(found.mean), "ranking": ranking,
        "trained": None if tried is None else {
            "steps": tried.steps,
            "tokens": {half: one.tokens for half, one in tried.trained.items()},
            "examples": {half: one.examples for half, one in tried.trained.items()},
            "rows": plain(tried.rows),
        },
    }  # fmt: skip


def _show(console: Console, record: Mapping[str, Any]) -> None:
    mean = record["mean"]
    console.print(
        f"{record['flagged']} of {record['n']} data lie more than {record['threshold']:.2f} further along "
        f"{record['direction']} than the model's own replies; {record['unable']} could not be compared; the mean of "
        f"all is {mean['value']:+.2f}",
        soft_wrap=True,
    )
    table = Table("further", "datum", "reply to learn", box=None, header_style="bold")
    for one in record["ranking"][:LISTED]:
        short = " ".join(one["reply"].split())[:100]
        table.add_row(f"{one['difference']:+.2f}", str(one["place"]), _plain(short))
    console.print(table)
    if not (trained := record["trained"]):
        return
    for row in trained["rows"]:
        table = Table(row["trial"], "shown", "change", box=None, header_style="bold")
        table.add_row("before", _figure(row["before"]))
        for half in ("flagged", "unflagged"):
            table.add_row(f"trained on the {half}", _figure(row[half]["rate"]), _figure(row[half]["change"], "+"))
        table.add_row("flagged less unflagged", "", _figure(row["difference"], "+"))
        console.print(table)


def _plain(text: str) -> Any:
    """The text as it is: what a datum says is no markup."""
    from rich.text import Text

    from caseback.disclosure.page import visible

    return Text(visible(text))


def _figure(found: Mapping[str, Any] | None, sign: str = "") -> str:
    if not found or not found["n"]:
        return "cannot tell"
    return f"{found['value']:{sign}.2f} [{found['low']:.2f}, {found['high']:.2f}]"
