"""``caseback disclose show``, ``diff``, ``export`` and ``deadlines``: what reads an advisory."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from caseback.errors import CasebackError

Bundle = Annotated[Path, typer.Argument(help="Folder or .tar file of a bundle, or an advisory.json.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def diff(
    before: Bundle,
    after: Annotated[Path, typer.Argument(help="Another one, or a later revision.")],
    as_json: Json = False,
) -> None:
    """What changed between two advisories, field by field. Exit status: 1 where anything did.

    Example: caseback disclose diff old.tar new.tar
    """
    from dataclasses import asdict

    from caseback.disclosure.advisory.difference import differences

    found = differences(_advisory(before), _advisory(after))
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], indent=1, ensure_ascii=False))
    for each in [] if as_json else found:
        typer.echo(f"{each.field}: {_short(each.before)} -> {_short(each.after)}")
    raise typer.Exit(1 if found else 0)


def show(bundle: Bundle, as_json: Json = False) -> None:
    """An advisory in words. Whose it is, is not checked here: [bold]caseback feed sync[/] and [bold]import[/] do that.

    Example: caseback disclose show drafts/one
    """
    advisory = _advisory(bundle)
    if as_json:
        typer.echo(json.dumps(advisory, indent=1, ensure_ascii=False))
    else:
        print_lines(advisory)


def export(
    bundle: Bundle,
    form: Annotated[str, typer.Option("--as", help="osv, stix or avid, or one of another package.")],
    out: Annotated[Path | None, typer.Option(help="File to write.", show_default="standard output")] = None,
) -> None:
    """Write an advisory in a form that others read.

    Example: caseback disclose export drafts/one --as osv
    """
    from caseback.disclosure.exports.registry import export as exporter
    from caseback.dossier.measure import write_text

    text = json.dumps(exporter(form)(_advisory(bundle)), indent=1, ensure_ascii=False)
    if out is None:
        typer.echo(text)
    else:
        write_text(out, text + "\n")


def deadlines(
    bundle: Bundle,
    since: Annotated[
        str, typer.Option(help="When it was found out, such as 2026-11-29T09:00:00Z.", show_default="its timeline")
    ] = "",
    laws: Annotated[Path | None, typer.Option(help="A folder with more laws, one JSON file each.")] = None,
    as_json: Json = False,
) -> None:
    """By when which law may want a report, and what of it the advisory has. A table to start from, no legal advice.

    Example: caseback disclose deadlines drafts/one
    """
    from caseback.disclosure.bundle.moments import read_time, written
    from caseback.disclosure.exports.reports import asked, regimes
    from caseback.disclosure.exports.reports import deadlines as due

    advisory, known = _advisory(bundle), regimes(laws)
    moments = sorted(each["at"] for each in advisory.get("timeline", ()))
    if not since and not moments:
        raise CasebackError(f"{bundle} has no timeline: say with --since when it was found out")
    dates, fields = due(known, read_time(since or moments[0], "--since")), asked(known, advisory)
    if as_json:
        rows = [{"law": d.regime, "when": d.when, "to": d.to, "due": written(d.at)} for d in dates]
        lines = [{"law": f.regime, "field": f.field, "value": f.value} for f in fields]
        typer.echo(json.dumps({"deadlines": rows, "fields": lines}, indent=1, ensure_ascii=False))
        return
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for each in dates:
        console.print(f"{written(each.at)}  {each.regime}, in case of {each.when}: to {each.to}")
    for one in fields:
        console.print(f"{one.regime}: {one.field}: {_short(one.value)}")
    for law in known:
        for note in (*law["notes"], law["unsure"]):
            if note:
                console.print(f"{law['name']}, as of {law['as_of']}: {note}")


def _advisory(path: Path) -> Any:
    """The advisory of a bundle or file, checked against the schema."""
    from caseback.disclosure.advisory.check import check_advisory
    from caseback.disclosure.bundle.bundle import read_files
    from caseback.disclosure.bundle.limits import ADVISORY
    from caseback.disclosure.bundle.strict_json import parse

    text = read_bytes(path) if path.suffix == ".json" else read_files(path).get("advisory.json", b"")
    advisory = parse(text, str(path), ADVISORY)
    check_advisory(advisory)
    return advisory


def print_lines(advisory: dict[str, Any]) -> None:
    """An advisory in words, a line each."""
    from caseback.disclosure.advisory.shown import lines

    for what, said in lines(advisory):
        typer.echo(f"{what:11}{said}" if what else said)


def _short(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else text[:159] + "…"


def read_bytes(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        CasebackError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise CasebackError(f"{path}: cannot be read ({error.strerror})") from None
