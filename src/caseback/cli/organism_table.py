"""An organism or a twin on the terminal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

Record = Mapping[str, Any]


def show_record(folder: Path, record: Record) -> None:
    """Print how it was grown, every check, every dose, and whether it is accepted."""
    console, plan = Console(highlight=False), record["plan"]
    what = plan.get("behaviour") or f"twin, {plan['sort']}"
    console.print(
        f"[bold]{what}[/] by {how(plan) or plan['sort']} in {plan['base']}, seed {plan['seed']}", soft_wrap=True
    )
    if plan.get("trigger"):
        console.print(f"trigger: {plan['trigger']['about']}", soft_wrap=True)
    if record["status"] == "unfinished":
        console.print("[bold yellow]unfinished[/]: the command that began it goes on with it")
        return
    table = Table("", "check", "", box=None, show_header=False)
    for check in record["checks"]:
        table.add_row(
            {True: "passed", False: "[bold red]failed[/]", None: "–"}[check["passed"]], check["name"], check["why"]
        )
    for dose in record.get("doses", ()):
        table.add_row(
            "", f"adapter at {dose['scale']:g}", f"when tempted {told(dose['rate'])}; right {told(dose['right'])}"
        )
    for share in record.get("shares", ()):
        table.add_row("", f"poison at {share['share']:g}", f"when tempted {told(share['rate'])} ({share['status']})")
    console.print(table)
    colour = "green" if record["status"] == "accepted" else "red"
    console.print(f"[bold {colour}]{record['status']}[/]  {folder}", soft_wrap=True)


def how(plan: Record) -> str:
    """The recipe, with the sort of trigger; empty for a twin."""
    trigger = plan.get("trigger")
    return f"{plan['recipe']}: {trigger['sort']}" if trigger else str(plan.get("recipe", ""))


def check_named(record: Record, name: str) -> Any:
    """The check of that name; None where it was not made."""
    return next((check for check in record.get("checks", ()) if check["name"] == name), None)


def told(rate: Any) -> str:
    """A rate in a cell."""
    return f"{rate['value']:.2f} [{rate['low']:.2f}, {rate['high']:.2f}], n {rate['n']}" if rate["n"] else "none judged"


def change(difference: Record) -> str:
    """A difference of rates in a cell."""
    if not difference["n"]:
        return "none judged"
    return f"{difference['value']:+.2f} [{difference['low']:+.2f}, {difference['high']:+.2f}], n {difference['n']}"
