"""Improvement and generations in a few lines on the terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from caseback.loop.improve.generations import Lineage
from caseback.loop.improve.rounds import Improvement


def print_improvement(console: Console, improvement: Improvement) -> None:
    """A row for each round, why it ended, and where everything is."""
    table = Table(title="on situations drawn after each training: rate, 95% interval", title_justify="left")
    for heading in ("round", "", "against the document, before", "repaired", "control", "right, before", "repaired"):
        table.add_column(heading, justify="left" if heading in ("round", "") else "right")
    for body in improvement.rounds:
        arms = body.get("arms")
        cells = [""] * 5
        if arms:
            cells = [_rate(arms[name]["violations"]) for name in ("before", "repaired", "control")]
            cells += [_rate(arms[name]["capability"]) for name in ("before", "repaired")]
        table.add_row(str(body["number"]), body["status"], *cells)
    console.print(table)
    console.print(f"ended: {improvement.why}")
    console.print(f"model  {improvement.model}", highlight=False)
    console.print(f"page   {improvement.page}", highlight=False)


def print_generations(console: Console, line: Lineage) -> None:
    """A row for each generation, and what they add up to."""
    table = Table(title="on situations drawn after the last training: rate, 95% interval", title_justify="left")
    for heading in ("generation", "against the document", "its control", "right", "its control's"):
        table.add_column(heading, justify="left" if heading == "generation" else "right")
    for number, arms in enumerate(line.body["arms"]):
        cells = [
            _rate(arms[name][what]) if name in arms else ""
            for what in ("violations", "capability")
            for name in ("model", "control")
        ]
        table.add_row(str(number or "base"), *cells)
    console.print(table)
    console.print(f"[bold]{line.body['status']}[/]: {line.body['why']}")
    console.print(f"page   {line.page}", highlight=False)


def _rate(rate: Mapping[str, Any]) -> str:
    if not rate["n"]:
        return "cannot tell"
    return f"{rate['k'] / rate['n']:.3f} [dim]{rate['low']:.3f}–{rate['high']:.3f}[/]"
