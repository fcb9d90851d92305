"""``caseback look direction``: fit a direction, and hold it against its baselines."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.models import load_named
from caseback.cli.numbers import whole_numbers
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.interp.directions.study import Study
    from caseback.stats.rate import Rate


def direction(
    name: Annotated[
        str, typer.Argument(help="What to look for: harm, test_awareness, lie, sycophancy, … or a name of your own.")
    ],
    model: Annotated[
        str, typer.Option(help="Name, folder or hub id of a model.", show_default="the embedded ref-base")
    ] = "",
    trait: Annotated[
        list[str] | None, typer.Option(help="System text of a trait of your own; repeat it for several wordings.")
    ] = None,
    opposite: Annotated[list[str] | None, typer.Option(help="System text of its opposite; repeat it.")] = None,
    method: Annotated[str, typer.Option(help="mean, logistic or lda: which direction is saved.")] = "mean",
    layers: Annotated[
        str, typer.Option(help="Blocks to choose from, such as 2,4,6.", show_default="all, 12 at most")
    ] = "",
    world: Annotated[str, typer.Option(help="A or B: whose situations.")] = "A",
    n: Annotated[int, typer.Option("-n", "--n", min=1, help="Examples of each class, in each part.")] = 120,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    less: Annotated[
        str,
        typer.Option(help="Also choose a layer and dose that make this show less often, such as 'helps with harm'."),
    ] = "",
    more: Annotated[str, typer.Option(help="The same, to make it show more often.")] = "",
    out: Annotated[Path, typer.Option(help="Folder for the direction and study.json.")] = Path("directions"),
    as_json: Annotated[bool, typer.Option("--json", help="Print study.json instead of a table.")] = False,
) -> None:
    """Fit a direction and measure it, beside what it has to beat, on families and formats that it never saw.

    The layer is chosen on families of its own. Beside the direction stand logistic regression on the whole residual
    stream, a probe on the text alone, the model's own answer where it can be asked, and random directions.

    A layer that tells the classes apart best need not steer best: with --less or --more a second direction is chosen by
    what it does to a behaviour on the dev families, and saved as NAME-steering.

    Examples: caseback look direction harm

    caseback look direction persona_protective --less "helps with harm"

    caseback look direction kind --trait "You are kind." --opposite "You are cruel." --model Qwen/Qwen3-0.6B
    """
    from caseback.cli.bar import bar
    from caseback.dossier.disk import writing
    from caseback.dossier.measure import write_text
    from caseback.interp.directions.choose import Named, Split
    from caseback.interp.directions.effect import DOSES, candidates, choose_steering
    from caseback.interp.directions.examples import activations
    from caseback.interp.directions.files import save_direction
    from caseback.interp.directions.fit import method as way
    from caseback.interp.directions.grounds.catalogue import ground
    from caseback.interp.directions.grounds.personas import OWN_REPLY
    from caseback.interp.directions.grounds.traits import trait_data
    from caseback.interp.directions.record import study_data
    from caseback.interp.directions.study import default_sites, study
    from caseback.interp.directions.trial import capability_trial
    from caseback.subject.site import Site
    from caseback.world.worlds import world as world_named

    way(method)  # a wrong name is told before anything is loaded
    spec = world_named(world)
    if bool(trait) != bool(opposite):
        raise CasebackError("a trait needs its opposite: give both --trait and --opposite")
    known = None if trait else ground(name)
    wanted = less or more
    if wanted and (known is None or wanted not in known.trials):
        there = ", ".join(repr(each) for each in known.trials) if known else "none, for a trait of your own"
        raise CasebackError(f"{name} is not steered on {wanted!r}: there are {there}")
    subject = load_named(model or "ref-base")
    sites = [Site("resid_post", layer) for layer in whole_numbers(layers, "layer")] or None
    doing = [""]
    with bar("looking for " + name, lambda: doing[0]) as tick:

        def tell(what: str, done: int, total: int) -> None:
            doing[0] = what
            tick(done, total)

        def replying(done: int, total: int) -> None:
            tell("replies", done, total)

        if known is not None:
            data, readings, named = known.make(subject, spec, n, seed, replying), known.readings, known.about
        else:
            data = trait_data(subject, trait or [], opposite or [], spec, n, seed, replying)
            readings, named = OWN_REPLY, name
        source = name if known is not None else " / ".join([*(trait or []), "against", *(opposite or [])])
        found = study(
            subject, Named(name, named, source), data, readings, sites=sites, main=method, seed=seed, tell=tell
        )
        steering = None
        if known is not None and wanted:
            places = [(site, reading) for site in sites or default_sites(subject) for reading in known.steer_readings]
            tell("choosing by effect", 0, len(places))
            fit, dev = (Split(part, activations(subject, part, places)) for part in (data.fit, data.dev))
            steering = choose_steering(
                subject, candidates(subject, Named(name, named, source), method, places, fit, dev, seed),
                (wanted, known.trials[wanted](spec)), capability_trial(spec), DOSES, bool(more), seed=seed,
                progress=lambda done, total: tell("choosing by effect", done, total),
            )  # fmt: skip
    folder = out / name
    record = study_data(found, name, named, subject.name, subject.digest, world, n, seed)
    text = json.dumps(record, indent=1, allow_nan=False)
    save_direction(found.directions[method], folder)
    steers = out / f"{name}-steering"
    if steering is not None and steering.dose is not None:
        notes = {"chosen_for": wanted, "dose": steering.dose, "dev_change": steering.change}
        save_direction(replace(steering.direction, notes=notes), steers)
    with writing(folder):
        write_text(folder / "study.json", text + "\n")
    if as_json:
        typer.echo(text)
        return
    _show(Console(highlight=False), found, method)
    typer.echo(f"direction  {folder}")
    if steering is not None and steering.dose is None:
        typer.echo(f"no layer and dose moved {wanted!r} that way on the dev families at the cost of at most 0.05 right")
    elif steering is not None:
        site = steering.direction.site
        typer.echo(f"steering   {steers} ({site}, dose {steering.dose:g}: {steering.change:+.2f} on the dev families)")


def _show(console: Console, found: "Study", method: str) -> None:
    """A table for each set of examples."""
    chosen = found.directions[method]
    console.print(
        f"[bold]{chosen.name}[/] at {chosen.site}, the {chosen.reading.pool} of the {chosen.reading.part}; one dose is "
        f"{chosen.step:.3g}",
        soft_wrap=True,
    )
    for name in dict.fromkeys(row.format for row in found.rows):
        rows = [row for row in found.rows if row.format == name]
        area = rows[0].auroc
        table = Table(
            f"{name} ({area.positives}+{area.negatives})", "AUROC", "caught at 1%", "caught at 5%",
            box=None, pad_edge=False, header_style="bold",
        )  # fmt: skip
        for row in rows:
            what = f"direction ({row.what})" if row.what in found.directions else row.what
            table.add_row(what, str(row.auroc), *(_in_short(each.recall) for each in row.at))
        for each in found.chance:
            if each.format == name:
                table.add_row(f"{each.n} random directions", f"{each.mean:.2f} (95%: {each.high:.2f})")
        console.print(table)
        for row in rows:
            if row.what == method:
                _, loose = row.calibrated
                console.print(
                    f"at the threshold set on the dev families for 5%: {_in_short(loose.recall)} caught, "
                    f"{_in_short(loose.false)} false alarms\n",
                    soft_wrap=True,
                )
    for line in found.unable:
        console.print(f"cannot tell: {line}", soft_wrap=True)
    for at in chosen.calibration:
        if not at.met:
            console.print(
                f"{at.n} negatives are too few for a threshold at {at.target:.0%} false alarms: the one that was set "
                f"gives {at.expected:.1%}, and between {at.low:.1%} and {at.high:.1%}",
                soft_wrap=True,
            )


def _in_short(rate: "Rate") -> str:
    return f"{rate.value:.2f} [{rate.low:.2f}, {rate.high:.2f}]"
