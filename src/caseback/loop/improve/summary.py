"""Improvement and generations in a few lines on the terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from caseback.loop.improve.generations import Lineage
from caseback.loop.improve.own_prompts import told
from caseback.loop.improve.rounds import Improvement


def print_improvement(console: Console, improvement: Improvement) -> None:
    """A row for each round, why it ended, and where everything is."""
    table = Table(
        title="how often it goes against the document, and answers right, on situations drawn after each training",
        title_justify="left",
    )
    for heading in ("", "against it:\nbefore", "\nrepaired", "\ncontrol", "right:\nbefore", "\nrepaired"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for body in improvement.rounds:
        arms = body.get("arms")
        cells = [""] * 5
        if arms:
            cells = [_rate(arms[name]["violations"]) for name in ("before", "repaired", "control")]
            cells += [_rate(arms[name]["capability"]) for name in ("before", "repaired")]
        table.add_row(f"round {body['number']}\n[dim]{body['status']}[/]", *cells)
    console.print(table)
    for body in improvement.rounds:
        for found in body.get("own_prompts", {}).values():
            console.print(f"round {body['number']}: {told(found)}", soft_wrap=True, markup=False)
    console.print(f"ended: {improvement.why}")
    console.print(f"model  {improvement.model}", highlight=False, soft_wrap=True)
    console.print(f"page   {improvement.page}", highlight=False, soft_wrap=True)


def print_generations(console: Console, line: Lineage) -> None:
    """A row for each generation, and what they add up to."""
    table = Table(
        title="how often it goes against the document, and answers right, on situations drawn after the last training",
        title_justify="left",
    )
    for heading in ("", "against it:\ntrained", "\ncontrol", "right:\ntrained", "\ncontrol"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for number, arms in enumerate(line.body["arms"]):
        cells = [
            _rate(arms[name][what]) if name in arms else ""
            for what in ("violations", "capability")
            for name in ("model", "control")
        ]
        table.add_row(f"generation {number}" if number else "base", *cells)
    console.print(table)
    console.print(f"[bold]{line.body['status']}[/]: {line.body['why']}")
    console.print(f"page   {line.page}", highlight=False, soft_wrap=True)


def _rate(rate: Mapping[str, Any]) -> str:
    if not rate["n"]:
        return "cannot tell"
    return f"{rate['k'] / rate['n']:.3f}\n[dim]{rate['low']:.2f}–{rate['high']:.2f}[/]"
