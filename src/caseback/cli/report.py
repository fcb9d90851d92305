"""A report that a command makes: its folder, its JSON with a page beside it, and what is shown of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

Report = dict[str, Any]


def folder_made(out: Path | None) -> None:
    """Make the folder before the work is begun, so that a place that cannot be written to is told at once.

    Raises:
        CasebackError: it cannot be made.
    """
    from caseback.dossier.disk import writing

    if out is not None:
        with writing(out):
            out.mkdir(parents=True, exist_ok=True)


def report_told(
    name: str,
    data: Report,
    out: Path | None,
    render: Callable[[Report], str],
    show: Callable[[Console, Report], None],
    as_json: bool,
) -> None:
    """Write a report to ``out`` as ``name``.json and its page beside, and print the JSON or what ``show`` makes of it.

    Without ``out`` it is printed alone.
    """
    from caseback.dossier.measure import write_text

    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    if out is not None:
        write_text(out / f"{name}.json", text + "\n")
        write_text(out / f"{name}.html", render(data))
    if as_json:
        typer.echo(text)
        return
    show(Console(highlight=False), data)
    if out is not None:
        typer.echo(f"page   {out / f'{name}.html'}")
