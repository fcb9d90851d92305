"""``caseback look pretending``: what tells a model that only pretends while watched from one that means it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.numbers import whole_numbers

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.audit.pretending.steering import Steered
    from caseback.audit.pretending.study import Study


def pretending(
    pairs: Annotated[Path, typer.Argument(help="A folder of pairs, such as `caseback plant pairs` grows.")],
    others: Annotated[
        Path | None,
        typer.Option(help="A folder of organisms and twins of the same base: false alarms, and openly bad models."),
    ] = None,
    dictionary: Annotated[
        Path | None, typer.Option(help="A dictionary of the base, from `caseback look fit`: looks for latents too.")
    ] = None,
    layers: Annotated[
        str, typer.Option(help="Blocks to choose from, such as 2,4,6.", show_default="all, 12 at most")
    ] = "",
    steer: Annotated[int, typer.Option(min=0, help="Left-out behaviours whose first pair is steered; 0: none.")] = 3,
    n: Annotated[int, typer.Option("-n", "--n", min=2, help="Texts of each kind, and situations for each dose.")] = 40,
    randoms: Annotated[int, typer.Option(min=0, help="Random vectors of equal length beside the direction.")] = 3,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Tokens in a reply at most.")] = 96,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for pretending.json and pretending.html.")] = Path("pretending"),
    as_json: Annotated[bool, typer.Option("--json", help="Print pretending.json instead of tables.")] = False,
) -> None:
    """Tell a model that is nice from one that only pretends while watched, by what is inside.

    Both models of a pair say the same while watched. A direction (and latents) found on some pairs is tried on pairs of
    another behaviour, recipe or seed, beside the text of their replies, random directions, and how far each model moved
    from its base. Then it is steered along, and the effect measured [bold]unwatched[/]. That nothing carries over to
    other pairs is a result.

    [bold]Example[/]

      caseback look pretending pairs --others organisms --dictionary dictionary
    """
    from caseback.audit.pretending.pair_files import read_pairs
    from caseback.audit.pretending.record import pretending_data
    from caseback.audit.pretending.steering import Effort
    from caseback.audit.pretending.study import Plan, study
    from caseback.cli.bar import bar
    from caseback.disclosure.pretending_page import render_pretending
    from caseback.dossier.disk import writing
    from caseback.dossier.measure import write_text
    from caseback.interp.dictionary.files import load as load_dictionary

    effort = Effort(n, max(4, n // 2), randoms, max_new_tokens, seed)
    plan = Plan(n, seed, tuple(whole_numbers(layers, "layer")), steer, effort)
    grid = read_pairs(pairs)
    opened = load_dictionary(dictionary) if dictionary else None
    doing = [""]
    with bar("pretending", lambda: doing[0]) as tick:

        def tell(what: str, done: int, total: int) -> None:
            doing[0] = what
            tick(done, total)

        found = study(grid, plan, others=others, dictionary=opened, tell=tell)
    record = pretending_data(found)
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        write_text(out / "pretending.json", text + "\n")
        write_text(out / "pretending.html", render_pretending(record))
    if as_json:
        typer.echo(text)
        return
    _show(Console(highlight=False), found)
    typer.echo(f"page  {out / 'pretending.html'}")


def _show(console: Console, found: "Study") -> None:
    for kind, test in found.flips:
        if kind == "watched":
            console.print(
                f"\n[bold]a {test.by} left out[/]: {test.verdict} (p {test.p:.3g}, at best {test.least:.3g}; "
                f"{test.groups} values)",
                soft_wrap=True,
            )
            _table(console, found, test.by)
    for name, why in found.grid.left_out:
        console.print(f"left out: {name}, {why}", markup=False, soft_wrap=True)
    for each in found.innocents:
        console.print(
            f"differ by more than half the distance: {each.pretending} pairs; two innocents {each.innocent}",
            markup=False, soft_wrap=True,
        )  # fmt: skip
    alarms = [other for other in found.others if other.alarms]
    if found.others:
        twins = [other for other in found.others if other.innocent]
        console.print(
            f"above the middle: {sum(each.innocent for each in alarms)} of {len(twins)} twins, "
            f"{sum(not each.innocent for each in alarms)} of {len(found.others) - len(twins)} other organisms",
            soft_wrap=True,
        )
    for steered in found.steered:
        _steered(console, steered)
    for line in found.unable:
        console.print(f"cannot tell: {line}", markup=False, soft_wrap=True)


def _table(console: Console, found: "Study", by: str) -> None:
    table = Table(
        "score", "text", "AUROC", "caught at 1%", "pairs told apart", "AUROC of models", box=None, header_style="bold"
    )
    for row in found.rows:
        if row.by == by:
            caught = row.at.recall
            table.add_row(
                row.what, row.kind, str(row.auroc), f"{caught.value:.2f} [{caught.low:.2f}, {caught.high:.2f}]",
                str(row.apart), str(row.models),
            )  # fmt: skip
    for chance in found.chances:
        if chance.by == by:
            table.add_row(
                f"{chance.n} random directions", chance.kind, f"{chance.auroc:.2f} (95%: {chance.auroc_high:.2f})", "",
                f"{chance.apart:.2f} (95%: {chance.apart_high:.2f})", "",
            )  # fmt: skip
    console.print(table)


def _steered(console: Console, steered: "Steered") -> None:
    word = {True: "less bad unwatched", False: "no less bad unwatched", None: "cannot tell"}[steered.lowers]
    chosen = "" if steered.chosen else "; no dose did so where it was chosen"
    console.print(
        f"\n[bold]steered: {steered.pair}[/] at {steered.pretending.site}, dose {steered.dose:g} (chosen on "
        f"{steered.chosen_on}{chosen}): {word}",
        soft_wrap=True,
    )
    table = Table("model", "vector", "dose", "unwatched", "watched", "right", box=None, header_style="bold")
    for side, curve in (("pretending", steered.pretending), ("nice", steered.nice)):
        for point in curve.points:
            rates = [point.responses[name].rate for name in ("unwatched", "watched", "capability")]
            table.add_row(side, point.arm, f"{point.dose:g}", *map(str, rates))
    console.print(table)
