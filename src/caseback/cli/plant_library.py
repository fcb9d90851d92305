"""``caseback plant library``, ``list`` and ``show``: a whole set of organisms and twins, and what is in it."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.organism_table import check_named, how, show_record, told
from caseback.cli.planted_in import Base, GroundOption, planted_in
from caseback.cli.planting import telling, write_page
from caseback.cli.shared_out import Ray, Workers
from caseback.errors import CasebackError


def library_(
    out: Annotated[Path, typer.Option(help="Folder for all of them.")] = Path("organisms"),
    plan: Annotated[
        Path | None, typer.Option(help="What to grow, in YAML.", show_default="the packaged plan, see --show")
    ] = None,
    base: Base = "",
    ground: GroundOption = "",
    only: Annotated[str, typer.Option(help="Only models whose folder begins so, such as twins/ or sycophancy/.")] = "",
    workers: Workers = 1,
    ray: Ray = "",
    show: Annotated[bool, typer.Option("--show", help="Print the plan and what it grows, and grow nothing.")] = False,
) -> None:
    """Grow a whole library of organisms and twins from one plan, each in a folder of its own under --out.

    A model that is excluded stays, with the reason in its record. A run that was stopped goes on with the same command.
    """
    from caseback.organisms.growing import grow_share, planned, read_plan
    from caseback.organisms.record import ACCEPTED, Record
    from caseback.training.journal import Journal
    from caseback.training.side_by_side import side_by_side

    read, grown_in = read_plan(plan), planted_in(base, ground)
    wanted = {name: grow for name, grow in planned(read, *grown_in).items() if name.startswith(only)}
    if not wanted:
        raise CasebackError(f"nothing in the plan begins with {only!r}: see --show")
    if show:
        typer.echo("\n".join(wanted))
        return
    records: dict[str, Record] = {}

    def grow_here(names: Sequence[str], base_journal: Journal) -> None:
        for name in names:
            done = f"{len(records) + 1} of {len(wanted)}"
            with telling(f"{done}: {name}") as (tick, tell):
                records[name] = record = wanted[name](out / name, base_journal, tick, tell)
            write_page(out / name, record)
            typer.echo(f"{done}  {record['status']:9} {name}  {'; '.join(record['why'])}".rstrip())

    share = partial(grow_share, read, grown_in, only, out, workers)
    with side_by_side(out / "base.jsonl", workers, share, ray) as journal:
        grow_here(list(wanted)[::workers], journal)
    grow_here([name for name in wanted if name not in records], journal)
    accepted = sum(record["status"] == ACCEPTED for record in records.values())
    typer.echo(f"{accepted} of {len(wanted)} accepted in {out}")


def list_(
    folder: Annotated[Path, typer.Argument(help="A folder of organisms and twins.")] = Path("organisms"),
    as_json: Annotated[bool, typer.Option("--json", help="All records, by path.")] = False,
) -> None:
    """List the organisms and twins under a folder, those that were excluded too."""
    from caseback.organisms.record import library

    found = library(folder)
    if as_json:
        typer.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return
    table = Table("where", "what", "recipe", "ordered", "when tempted", "status", box=None, header_style="bold")
    for path, record in found.items():
        plan, tempted = record["plan"], check_named(record, "tempted")
        table.add_row(
            path,
            plan.get("behaviour") or f"twin: {plan.get('oddity') or plan.get('sort')}",
            how(plan),
            "" if plan.get("rate") is None else f"{plan['rate']:g}",
            told(tempted["data"]["rate"]) if tempted else "",
            str(record["status"]),
        )
    Console(highlight=False).print(table)


def show(
    folder: Annotated[Path, typer.Argument(help="The folder of an organism or a twin.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print organism.json.")] = False,
) -> None:
    """Show one organism or twin: how it was grown, and what it was checked for."""
    from caseback.organisms.record import read

    record = read(folder)
    if as_json:
        typer.echo(json.dumps(record, indent=1, ensure_ascii=False))
        return
    show_record(folder, record)
