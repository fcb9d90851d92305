"""``caseback look steer``: dose and response of a direction."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.models import load_named
from caseback.cli.numbers import numbers
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.interp.directions.dose import Curve
    from caseback.world.situation import Split


def steer(
    folder: Annotated[Path, typer.Argument(help="Folder of a direction, from `caseback look direction`.")],
    model: Annotated[
        str, typer.Option(help="The model that it belongs to.", show_default="the embedded ref-base")
    ] = "",
    on: Annotated[
        str, typer.Option(help="Situations of which ground: harm, lie, ….", show_default="those of its own")
    ] = "",
    doses: Annotated[
        str, typer.Option(help="In distances between the two classes; write it with = where it begins with a minus.")
    ] = "-4,-2,-1,1,2,4",
    randoms: Annotated[int, typer.Option(min=0, help="Random vectors of equal length, at every dose.")] = 3,
    world: Annotated[str, typer.Option(help="A or B: whose situations.")] = "A",
    split: Annotated[str, typer.Option(help="test, or dev to choose a dose on.")] = "test",
    n: Annotated[int, typer.Option("-n", "--n", min=1, help="Situations for each dose.")] = 60,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    carry: Annotated[
        bool, typer.Option(help="Use a direction of another model with the same tokenizer, such as its base.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder for steer.json and steer.html.", show_default="FOLDER")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print steer.json instead of a table.")] = False,
) -> None:
    """Steer along a direction by doses, and count: how often the behaviour shows, and what is still right.

    Beside every dose stand random vectors of the same length. Situations are of held-out families, the oracle judges.

    Example: caseback look steer directions/persona_protective --doses=-2,2 -n 40
    """
    from caseback.cli.bar import bar
    from caseback.disclosure.directions_page import render_steering
    from caseback.dossier.disk import writing
    from caseback.dossier.measure import write_text
    from caseback.interp.directions.dose import CAPABILITY, dose_response
    from caseback.interp.directions.files import carried_over, load_direction
    from caseback.interp.directions.grounds.catalogue import ground
    from caseback.interp.directions.record import curve_data
    from caseback.interp.directions.trial import capability_trial
    from caseback.world.worlds import world as world_named

    wanted = dose_list(doses)
    part: Split = "dev" if split == "dev" else "test"
    if split != part:
        raise CasebackError(f"no split {split!r} to steer on: there are test, and dev to choose a dose on")
    spec = world_named(world)
    subject = load_named(model or "ref-base")
    direction = (carried_over if carry else load_direction)(folder, subject)
    trials = {name: make(spec) for name, make in ground(on or direction.name).trials.items()}
    trials[CAPABILITY] = capability_trial(spec)
    with bar(f"steering {direction.name}") as tick:
        curve = dose_response(
            subject, direction, trials, wanted, randoms=randoms, n=n, seed=seed, split=part, progress=tick
        )
    record = curve_data(curve, direction.about, direction.step, subject.name, subject.digest, world)
    text = json.dumps(record, indent=1, allow_nan=False)
    out = out or folder
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        write_text(out / "steer.json", text + "\n")
        write_text(out / "steer.html", render_steering(record))
    if as_json:
        typer.echo(text)
        return
    _show(Console(highlight=False), curve)
    typer.echo(f"page  {out / 'steer.html'}")


def dose_list(text: str) -> list[float]:
    """The doses in order.

    Raises:
        CasebackError: there are none, or one is no number.
    """
    if not (found := numbers(text, "dose", "-2,2")):
        raise CasebackError("no doses: give numbers with commas, such as -2,2")
    return found


def _show(console: Console, curve: "Curve") -> None:
    names = list(curve.points[0].responses)
    table = Table("dose", "vector", *(part for name in names for part in (name, "change")), "moved", box=None)
    for point in sorted(curve.points, key=lambda point: (point.dose, point.arm)):
        cells = []
        for name in names:
            response = point.responses[name]
            change = response.change
            cells += [str(response.rate), f"{change.value:+.2f}" if change and change.n else ""]
        table.add_row(f"{point.dose:g}", point.arm, *cells, f"{point.moved:.0%}")
    console.print(table)
