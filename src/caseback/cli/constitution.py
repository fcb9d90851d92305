"""``caseback constitution``: check, show, compare and convert a document of principles."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from caseback.cli.group import group
from caseback.constitution.check import check as find_problems
from caseback.constitution.check import count
from caseback.constitution.clause import Constitution, kindred
from caseback.constitution.default import default
from caseback.constitution.diff import diff as compare
from caseback.constitution.json_form import digest, to_data
from caseback.constitution.read import read
from caseback.constitution.render import compact, estimate_tokens, full, short
from caseback.errors import CasebackError

app = group(
    help="Check, show, compare and convert a constitution: our Markdown or JSON, the OpenAI Model Spec, a trait file, "
    "or a plain list of sentences. Without FILE, the constitution that ships with caseback.",
)

File = Annotated[Path | None, typer.Argument(help="The document; without it, the default constitution.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command()
def check(file: File = None, as_json: Json = False) -> None:
    """Say what is wrong with a constitution, clause by clause, with line numbers.

    Errors (a duplicate id, no clauses, a clause without text) end with exit status 1; warnings (no reason, no family of
    situations, contradictions, precedence in a circle, ...) with 0.
    """
    constitution = _load(file)
    problems = find_problems(constitution)
    levels = count(problems)
    unmeasured = _unmeasured(constitution)
    if as_json:
        _print_json(
            {
                "source": constitution.source,
                "digest": digest(constitution),
                "clauses": [{"id": clause.id, "line": clause.line} for clause in constitution.clauses],
                "errors": levels["error"],
                "warnings": levels["warning"],
                "problems": [asdict(problem) for problem in problems],
                "unmeasured": unmeasured,
            }
        )
    else:
        console = Console(soft_wrap=True, highlight=False)
        for problem in problems:
            colour = "red" if problem.level == "error" else "yellow"
            where = f"{constitution.source}:{problem.line}" if problem.line else constitution.source
            name = f" [bold]{escape(problem.clause)}[/]:" if problem.clause else ""
            console.print(f"{escape(where)}: [{colour}]{problem.level}[/]:{name} {escape(problem.message)}")
        console.print(
            f"{escape(constitution.source)}: {_some(len(constitution.clauses), 'clause')}, "
            f"{_some(levels['error'], 'error')}, {_some(levels['warning'], 'warning')}"
        )
        if unmeasured:
            console.print(f"No behaviour here measures the situations: {', '.join(unmeasured)}")
    if levels["error"]:
        raise typer.Exit(1)


def _unmeasured(constitution: Constitution) -> list[str]:
    """Families that clauses name and no behaviour, nor its companion, is measured on: real ones as well as typos."""
    from caseback.behaviours.registry import behaviours

    found = [b for behaviour in behaviours().values() for b in (behaviour, behaviour.companion) if b is not None]
    measured = [family for behaviour in found for family in behaviour.families]
    named = dict.fromkeys(family for clause in constitution.clauses for family in clause.families)
    return [name for name in named if not any(kindred(name, family) for family in measured)]


@app.command()
def show(
    file: File = None,
    short_form: Annotated[bool, typer.Option("--compact", help="What stands in every training task.")] = False,
    whole: Annotated[bool, typer.Option("--full", help="The whole document, in our Markdown form.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="With --compact: tokens it may take.")] = 400,
    tokenizer: Annotated[
        Path | None, typer.Option(help="With --compact: count with this tokenizer.json; without it, an estimate.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print a constitution: a table of its clauses, or all of it (--full), or its compact form (--compact)."""
    constitution = _load(file)
    if short_form:
        count_tokens = _counter(tokenizer) if tokenizer else estimate_tokens
        result = compact(constitution, count_tokens, limit)
        tokens = count_tokens(result.text)
        if as_json:
            _print_json({**asdict(result), "tokens": tokens, "estimated": tokenizer is None})
            return
        typer.echo(result.text)
        about = "" if tokenizer else "about "
        left = f"; left out for length: {', '.join(result.left_out)}" if result.left_out else ""
        typer.echo(f"({about}{tokens} of {limit} tokens{left})", err=True)
    elif as_json:
        _print_json({**to_data(constitution), "digest": digest(constitution)})
    elif whole:
        typer.echo(full(constitution), nl=False)
    else:
        _print_table(constitution)


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(metavar="A", help="The one before.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="The one after.")],
    as_json: Json = False,
) -> None:
    """Say which clauses were added, removed and changed from A to B, field by field."""
    result = compare(read(before), read(after))
    if as_json:
        _print_json({**asdict(result), "same": result.same})
        return
    console = Console(soft_wrap=True, highlight=False)
    for clause in result.removed:
        console.print(f"[red]- {escape(clause.id)}[/] {escape(short(clause))}")
    for clause in result.added:
        console.print(f"[green]+ {escape(clause.id)}[/] {escape(short(clause))}")
    for change in result.changed:
        console.print(f"[yellow]~ {escape(change.clause or 'document')}[/] [bold]{change.field}[/]")
        gone, come = _sides(change.before, change.after)
        for sign, colour, values in (("-", "red", gone), ("+", "green", come)):
            for value in values:
                console.print(f"    [{colour}]{sign} {escape(value)}[/]")
    if result.reordered:
        console.print("the clauses that both have stand in another order")
    if result.same:
        console.print("the same, up to file name, line numbers and blank space")


@app.command()
def convert(
    to: Annotated[Path, typer.Option("--to", help="Where to: a name that ends in .md or .json.")],
    file: File = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Write a constitution of any form in our Markdown (.md) or JSON (.json) form. Nothing of it is lost."""
    constitution = _load(file)
    if to.suffix.lower() == ".json":
        text = json.dumps(to_data(constitution), indent=2, ensure_ascii=False) + "\n"
    elif to.suffix.lower() in (".md", ".markdown"):
        text = full(constitution)
    else:
        raise CasebackError(f"{to}: give a name that ends in .md (our Markdown form) or .json")
    if to.exists() and not force:
        raise CasebackError(f"{to}: is there already; name another file, or add --force")
    part = to.with_name(to.name + ".part")  # so that a full disk leaves what was there before
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(to)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CasebackError(f"{to}: cannot be written ({error.strerror or error})") from None
    if as_json:
        _print_json({"to": str(to), "clauses": len(constitution.clauses), "digest": digest(constitution)})
    else:
        typer.echo(f"{to}: {_some(len(constitution.clauses), 'clause')} from {constitution.source}")


def _load(file: Path | None) -> Constitution:
    return read(file) if file else default()


def _counter(tokenizer: Path) -> Any:
    from tokenizers import Tokenizer

    try:
        loaded = Tokenizer.from_file(str(tokenizer))
    except Exception as error:  # the library raises bare Exception for every fault
        raise CasebackError(f"{tokenizer}: no tokenizer.json that can be read ({error})") from None
    return lambda text: len(loaded.encode(text, add_special_tokens=False).ids)


def _print_table(constitution: Constitution) -> None:
    console = Console()
    if constitution.title:
        console.print(f"[bold]{escape(constitution.title)}[/]")
    console.print(f"[dim]{escape(constitution.source)} · sha256 {digest(constitution)[:16]}[/]\n")
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("line", justify="right")
    table.add_column("tier")
    table.add_column("clause", overflow="fold", max_width=28, style="bold")
    table.add_column("in short")
    table.add_column("situations", max_width=18)
    for clause in constitution.clauses:
        line = str(clause.line) if clause.line else ""
        table.add_row(line, clause.tier, *map(escape, (clause.id, short(clause), " ".join(clause.families))))
    console.print(table)


def _print_json(data: Any) -> None:
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False))


def _some(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _sides(before: Any, after: Any) -> tuple[list[str], list[str]]:
    """What to show of a changed field: a text whole, of a list only the items that are not on both sides."""
    if isinstance(before, str):
        return [before or "(none)"], [after or "(none)"]
    gone, come = [v for v in before if v not in after], [v for v in after if v not in before]
    if not gone and not come:  # another order, or an item repeated
        gone, come = before, after
    return [_item(value) for value in gone], [_item(value) for value in come]


def _item(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(asdict(value), ensure_ascii=False)
