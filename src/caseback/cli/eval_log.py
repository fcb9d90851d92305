"""``caseback behaviours read``: a log of Inspect AI as evidence."""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from caseback.stats.rate import exact_rate


def read_log(
    log: Annotated[Path, typer.Argument(help="A .eval or .json log of Inspect AI, of whatever model and task.")],
    as_json: Annotated[bool, typer.Option("--json", help="Every score as one JSON object a line.")] = False,
) -> None:
    """Read a log of Inspect AI: what was scored how, and what was not evaluated, which is never clean.

    Nothing in the log is executed. A sample in which the model never took a turn, was cut off or failed has no value,
    whatever its scorer said.
    """
    from caseback.audit.inspect.evidence import row_data
    from caseback.audit.inspect.read import read

    found = read(log)
    if as_json:
        for row in found.rows:
            typer.echo(json.dumps(row_data(row), ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(f"[bold]{found.task}[/] on {found.model}, {found.created}: {found.status}", soft_wrap=True)
    table = Table("scorer", "mean", "scored", "of 0 or 1 alone: rate", box=None, header_style="bold")
    for scorer in Counter(row.scorer for row in found.rows if row.scorer):
        values = [row.value for row in found.rows if row.scorer == scorer and row.value is not None]
        mean = f"{sum(values) / len(values):.3f}" if values else "none"
        rate = str(exact_rate(round(sum(values)), len(values))) if values and set(values) <= {0.0, 1.0} else ""
        table.add_row(scorer, mean, str(len(values)), rate)
    console.print(table)
    for why, count in found.not_evaluated.items():
        console.print(f"not evaluated: {count}, {why}")
