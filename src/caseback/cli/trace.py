"""``caseback train trace``: from a clause to its data, training and effect, and from a reply back to the data."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from caseback.disclosure.wording import TASKS
from caseback.errors import CasebackError

ARM_TITLES = {"before": "before", "prompted": "in prompt", "control": "control", "sft": "SFT", "dpo": "DPO"}
"""Arms at the head of a narrow column."""


def trace(
    clause: Annotated[str | None, typer.Argument(help="A clause's id. Without it, all clauses in a table.")] = None,
    run: Annotated[Path, typer.Option(help="Folder of a finished `caseback run`.")] = Path("runs/ref-base"),
    sample: Annotated[
        str | None, typer.Option(help="The other way: id of a measured situation or of a datum, or how it begins.")
    ] = None,
    shown: Annotated[int, typer.Option("-n", "--shown", min=0, help="Examples shown of each kind.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Follow a clause to its data, the training on them and its measured effect; or a reply back to the data.

    Examples: caseback train trace, caseback train trace honesty, and caseback train trace --sample harm.arson/test/0/0
    """
    from caseback.disclosure.trace import trace_clause, trace_clauses, trace_sample
    from caseback.dossier import read_dossier

    if clause and sample:
        raise CasebackError("trace a clause or a --sample, not both at once")
    folder = run / "dossier" if (run / "dossier").is_dir() else run
    console = Console(highlight=False)
    with read_dossier(folder) as dossier:
        if sample:
            found: Any = trace_sample(dossier, sample, shown)
        elif clause:
            found = trace_clause(dossier, clause, shown, str(folder))
        else:
            found = trace_clauses(dossier)
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    elif sample:
        _show_sample(console, found)
    elif clause:
        _show_clause(console, found)
    else:
        _show_all(console, found, run)


def _show_all(console: Console, clauses: Sequence[Mapping[str, Any]], run: Path) -> None:
    arms = list(clauses[0]["rates"])
    table = Table("clause", "data", *(ARM_TITLES.get(arm, arm) for arm in arms), box=None, header_style="bold")
    for entry in clauses:
        rates = [_rate(entry["rates"][arm]) for arm in arms]
        table.add_row(entry["id"], str(entry["serving"] or "–"), *rates)
    console.print(table)
    console.print(
        "data: examples that serve the clause; then how often it was broken in held-out situations, in per cent.\n"
        f"One clause: caseback train trace {clauses[0]['id']} --run {run}",
        soft_wrap=True,
    )


def _show_clause(console: Console, found: Mapping[str, Any]) -> None:
    clause = found["clause"]
    console.print(f"[bold]{clause['id']}[/] ({clause['tier']})")
    _block(console, f"{clause['text']} Because {clause['reason']}" if clause["reason"] else clause["text"])
    if found["found"]:
        counts = found["found"]
        console.print(
            f"\n[bold]Judged[/] by it: {counts['judged']} replies in training situations; {counts['broken']} broke it, "
            f"{counts['repaired']} of them were repaired, {counts['unreadable']} could not be read."
        )
    for name, part in found["data"].items():
        origins = ", ".join(f"{origin} {count}" for origin, count in part["origins"].items())
        console.print(f"[bold]Data[/], {name}: {part['serving']} of {part['rows']} serve it ({origins or 'none'})")
        if part["families"]:
            _block(console, ", ".join(f"{family} {count}" for family, count in sorted(part["families"].items())))
    for arm in found["training"]:
        console.print(f"[bold]Training[/], {arm['method']}: {arm['serving']} of {arm['examples']} examples serve it")
    console.print("\n[bold]Broken[/] in held-out situations")
    _show_rates(console, found["rates"])
    for row in found["examples"]:
        _show_datum(console, row)
    for case in found["cases"]:
        console.print(f"\n[bold]Measured[/] · {case['id']}")
        _show_case(console, case["messages"], case["replies"])


def _show_sample(console: Console, found: Mapping[str, Any]) -> None:
    console.print(f"[bold]{found['situation']}[/] ({found['family']})")
    _show_case(console, found["messages"], found["replies"])
    if not found["clauses"]:
        console.print("\nNo clause covers it.")
    for clause in found["clauses"]:
        console.print(f"\n[bold]{clause['id']}[/]: {clause['brief']} {clause['serving']} examples serve it.")
        _show_rates(console, clause["rates"])
    if found["replies"] and found["data"]:
        console.print(
            "\nOf the data that serve these clauses, those nearest in wording. That they are near does not say that "
            "they caused the reply."
        )
    for row in found["data"]:
        _show_datum(console, row)


def _show_rates(console: Console, rates: Mapping[str, Mapping[str, Any]]) -> None:
    table = Table(box=None, show_header=False)
    for arm, rate in rates.items():
        table.add_row(ARM_TITLES.get(arm, arm), _interval(rate))
    console.print(Padding(table, (0, 2)))


def _show_datum(console: Console, row: Mapping[str, Any]) -> None:
    kind = "Preferred" if row["rejected"] else "Learnt"
    serves = ", ".join(row["clauses"]) or "no clause"
    console.print(f"\n[bold]{kind}[/] · {row['situation']} · {row['origin']} · serves {serves}")
    for message in row["prompt"]:
        _line(console, message["role"], message["content"])
    for step in row["steps"]:
        _line(console, TASKS.get(step["task"], step["task"]), step["text"], "dim")
    if row.get("thinking"):
        _line(console, "to think", row["thinking"], "dim green")
    _line(console, "to say", row["chosen"], "green")
    if row["rejected"]:
        _line(console, "not to say", row["rejected"], "red")


def _show_case(
    console: Console, messages: Sequence[Mapping[str, str]], replies: Mapping[str, Mapping[str, Any]]
) -> None:
    for message in messages:
        _line(console, message["role"], message["content"])
    colours = {True: "red", False: "green", None: "yellow"}
    for arm, reply in replies.items():
        said = reply["text"] or "(nothing)"
        _line(console, ARM_TITLES.get(arm, arm), f"{said}  [{reply['why']}]", colours[reply["shown"]])


def _line(console: Console, who: str, what: str, style: str = "") -> None:
    _block(console, Text.assemble((f"{who}: ", "italic"), (what, style)))


def _block(console: Console, text: str | Text) -> None:
    console.print(Padding(text, (0, 2)))


def _rate(rate: Mapping[str, Any]) -> str:
    return f"{100 * rate['k'] / rate['n']:.0f}" if rate.get("n") else "–"


def _interval(rate: Mapping[str, Any]) -> str:
    if not rate.get("n"):
        return f"not measured: {rate.get('why_not', 'no case could be judged')}"
    low, high = (round(100 * rate[name]) for name in ("low", "high"))
    return f"{_rate(rate):>3} %  [{low}, {high}]  n = {rate['n']}"
