"""``caseback feed import`` and what follows: shadow, promotion by audits, coverage, sightings."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.watch_opened import Config, Stored, opened
from caseback.errors import CasebackError

if TYPE_CHECKING:
    from caseback.disclosure.importing.imported import Imported

Into = Annotated[Path, typer.Option(help="Folder of imports.")]
IMPORTS = Path("imports")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def import_(
    source: Annotated[Path, typer.Argument(help="A subscription's folder, or a bundle (folder or .tar).")],
    id: Annotated[list[str] | None, typer.Argument(help="Advisories of the subscription.", show_default="all")] = None,
    model: Annotated[
        str, typer.Option(help="Your model, where its weights are here; a detector may be refitted on it.")
    ] = "",
    parent: Annotated[
        list[str] | None, typer.Option(help="Folder or digest of a model that yours was trained from; repeat it.")
    ] = None,
    ordinary: Annotated[
        Path | None, typer.Option(help="JSON Lines: ordinary transcripts of yours, on which thresholds are set.")
    ] = None,
    budget: Annotated[float, typer.Option(help="Rate of false alarms that a detector may have.")] = 0.01,
    own_replies: Annotated[
        int,
        typer.Option(
            min=0,
            help="Prompts of a recipe's classes that your model answers itself, so that a refit also knows its words: "
            "100 is plenty, and takes seconds on a small model.",
        ),
    ] = 0,
    key: Annotated[
        list[Path] | None, typer.Option(help="For a bundle: .pub.json of a key that you trust; repeat it.")
    ] = None,
    into: Into = IMPORTS,
    as_json: Json = False,
) -> None:
    """Bring advisories' detectors to your own model: each into shadow, or refused with the reason.

    By exactly one way: exact, descendant, other model (refitted from its recipe on yours), text fallback, or refused.
    An advisory that cannot be imported keeps no other back. Exit status: 3 where any was refused.

    Example: caseback feed import subscriptions/lab --model ref-aligned --ordinary today.jsonl
    """
    from caseback.cli.bar import bar
    from caseback.cli.models import load_named
    from caseback.detectors.transcript_file import read_transcripts
    from caseback.disclosure.importing.imported import import_bundle
    from caseback.disclosure.importing.local import Local
    from caseback.disclosure.importing.taken import taken

    if not 0 < budget < 1:
        raise CasebackError(f"a budget of {budget} false alarms is not between 0 and 1: give a rate such as 0.01")
    bundles = taken(source, id or [], key or [])
    subject = load_named(model) if model else None
    grown_from = {_digest(each): each for each in parent or ()}
    parents = {name: partial(load_named, each) for name, each in grown_from.items() if not each.startswith("sha256:")}
    own = read_transcripts(ordinary) if ordinary else ()
    local = Local(subject, frozenset(grown_from), own, budget, parents, own_replies)
    found, wrong = [], list[str]()
    with bar("importing") as tick:
        for done, bundle in enumerate(bundles, start=1):
            try:
                found.append(import_bundle(bundle, local, into))
            except CasebackError as error:
                wrong.append(f"{bundle.advisory['id']}: not imported: {error}")
            tick(done, len(bundles))
    if as_json:
        typer.echo(json.dumps([_plain(each) for each in found], indent=1, ensure_ascii=False))
    else:
        for each in found:
            _show(each)
    for said in wrong:
        typer.echo(said, err=True)
    raise typer.Exit(3 if wrong or any(map(_refused, found)) else 0)


def _refused(found: "Imported") -> bool:
    return found.route == "refused" and any(held.state != "withdrawn" for held in found.detectors)


def _digest(given: str) -> str:
    from caseback.subject.digest import folder_digest

    if given.startswith("sha256:"):
        return given
    if not Path(given).is_dir():
        raise CasebackError(f"--parent {given} is neither a folder of a model nor a digest, sha256:…")
    return folder_digest(Path(given))


def _plain(found: "Imported") -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(found)


def _show(found: "Imported") -> None:
    typer.echo(f"{found.advisory}, revision {found.revision}: {found.route}; it is about {found.affects}")
    for held in found.detectors:
        typer.echo(f"  {held.landed.name}: {f'{held.landed.route}, {held.state}' if held.landed.id else 'refused'}")
        for why in held.landed.why:
            typer.echo(f"    {why}")
    if not found.detectors:
        typer.echo("  it brings no detector")


def review(
    audits: Annotated[
        Path | None,
        typer.Argument(
            help='JSON Lines: {"detector": id, "flagged": bool, "shown": bool} of exchanges drawn at random.',
            show_default="the audits of caseback watch",
        ),
    ] = None,
    config: Config = None,
    store: Stored = "",
    model: Annotated[str, typer.Option(help="The model in use now: a detector that landed on another is stale.")] = "",
    into: Into = IMPORTS,
    as_json: Json = False,
) -> None:
    """Promote detectors whose false alarms are within budget by the evidence of audits; demote noisy or stale ones.

    Audits are those of live watching, of the slice that is drawn whatever the scores say. Or give all since the import
    in a file, in order. The evidence may be looked at as often as you like.

    Examples: caseback feed review, and caseback feed review audits.jsonl
    """
    from caseback.cli.models import load_named
    from caseback.disclosure.importing.audit_file import read_audits
    from caseback.disclosure.importing.imported import imports, write_import
    from caseback.disclosure.importing.live_audits import live_audits
    from caseback.disclosure.importing.promotion import reviewed, weighed

    there = list(imports(into))
    held_by = {each.advisory: [held for held in each.detectors if held.landed.id] for each in there}
    if audits is not None:
        if config is not None or store:
            raise CasebackError("audits come from a file or from a store: give one of them")
        given = read_audits(audits)
        rows = {each.advisory: given for each in there}
    else:
        with opened(config, store) as found:
            rows = {
                each.advisory: [
                    row
                    for held in held_by[each.advisory]
                    if held.landed.threshold is not None
                    for row in live_audits(found.store, held.landed.id, each.behaviour, held.landed.threshold)
                ]
                for each in there
            }
    digest = load_named(model).digest if model else ""
    data: list[dict[str, Any]] = []
    for each in there:
        after = reviewed(each, rows[each.advisory], digest)
        write_import(after, into)
        for held in after.detectors:
            if held.landed.id:
                told = weighed([row for row in rows[each.advisory] if row.id == held.landed.id], each.budget)
                why = held.history[-1]["why"] if held.history else ""
                data.append(
                    {"advisory": each.advisory, "detector": held.landed.id, "name": held.landed.name,
                     "state": held.state, "false": told.false, "clean": told.clean, "recall": vars(told.recall),
                     "within": told.within, "above": told.above, "why": why}
                )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(data, indent=1, ensure_ascii=False))
    for row in data if not as_json else ():
        typer.echo(f"{row['advisory']}, {row['name']}: {row['state']}")
        typer.echo(f"  {row['why']}")
        seen = f"{row['false']} false alarms in {row['clean']} audits without the behaviour"
        typer.echo(f"  so far: {seen}, {row['recall']['k']} of {row['recall']['n']} with it flagged")
    if not data:
        typer.echo("nothing was imported that could be reviewed")


def coverage(
    subscription: Annotated[
        list[Path] | None, typer.Option(help="Also list what this subscription has and was not imported; repeat it.")
    ] = None,
    into: Into = IMPORTS,
    as_json: Json = False,
) -> None:
    """What is watched for because of advisories, and what cannot be, with the reason. Exit status: 1 where any cannot.

    Example: caseback feed coverage --subscription subscriptions/lab
    """
    from dataclasses import asdict

    from caseback.disclosure.feed.store import listed
    from caseback.disclosure.feed.synced import synced
    from caseback.disclosure.importing.coverage import coverage as covered
    from caseback.disclosure.importing.imported import imports

    known = []
    for folder in subscription or ():
        with synced(folder) as (_, store):
            known += listed(store)
    rows = covered(imports(into), known)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in rows], indent=1, ensure_ascii=False))
    else:
        table = Table("advisory", "behaviour", "watched", "", box=None, header_style="bold")
        for each in rows:
            table.add_row(
                each.advisory, each.behaviour, "yes" if each.watched else "no", "; ".join((*each.by, *each.why))
            )
        Console(highlight=False, markup=False).print(table)
        typer.echo(f"{sum(each.watched for each in rows)} of {len(rows)} advisories are watched for")
    raise typer.Exit(0 if all(each.watched for each in rows) else 1)


def watch(
    out: Annotated[
        Path, typer.Argument(help="TOML file to write: its tables go into the configuration of caseback watch.")
    ],
    into: Into = IMPORTS,
) -> None:
    """Write what was imported as [bold]detector[/] tables for the configuration of live watching.

    Detectors in shadow record, promoted ones flag; none of somebody else's holds or stops a reply by itself.

    Example: caseback feed watch imported.toml
    """
    from caseback.disclosure.importing.imported import imports
    from caseback.disclosure.importing.watch_entries import watch_entries
    from caseback.dossier.measure import write_text

    text = watch_entries(imports(into), into, out.parent)
    write_text(out, text)
    typer.echo(f"{text.count('[[detector]]')} detectors in {out}")


def sighting(
    advisory: Annotated[str, typer.Argument(help="Id of an advisory that was imported.")],
    out: Annotated[Path, typer.Argument(help="File for the signed sighting.")],
    key: Annotated[Path, typer.Option(help="File of your private key.")],
    begin: Annotated[str, typer.Option("--from", help="Since when, such as 2026-11-01T00:00:00Z.")],
    counts: Annotated[
        Path | None,
        typer.Option(
            help="JSON: screened, flagged, audited, confirmed, users, flagged_users, confirmed_users.",
            show_default="counted in the store of caseback watch",
        ),
    ] = None,
    config: Config = None,
    store: Stored = "",
    end: Annotated[str, typer.Option("--to", help="Until when.", show_default="now")] = "",
    least: Annotated[int, typer.Option(min=2, help="Nothing is told of fewer users than this.")] = 10,
    into: Into = IMPORTS,
) -> None:
    """Tell back what was seen: signed counts with a rate interval, no transcript, nobody to be singled out.

    Example: caseback feed sighting LAB-2026-0001 seen.json --key keys/us --from 2026-11-01T00:00:00Z
    """
    from caseback.disclosure.bundle.keys import load_key
    from caseback.disclosure.bundle.moments import now, read_time
    from caseback.disclosure.importing.imported import read_import
    from caseback.disclosure.importing.live_counts import live_counts
    from caseback.disclosure.importing.sighting import read_counts, signed_sighting
    from caseback.disclosure.importing.sighting import sighting as said
    from caseback.dossier.disk import writing

    found = read_import(into / advisory)
    held = next((each for each in found.detectors if each.landed.id), None)
    if held is None:
        raise CasebackError(f"{advisory} has no detector here, so there is nothing to tell")
    since, until = read_time(begin, "--from"), read_time(end, "--to") if end else now()
    if counts is not None:
        if config is not None or store:
            raise CasebackError("counts come from a file or from a store: give one of them")
        counted = read_counts(counts)
    else:
        with opened(config, store) as watched:
            counted = live_counts(watched.store, held.landed.id, found.behaviour, since, until)
    made = said(advisory, found.behaviour, held.landed.id, held.landed.route, found.model, counted, since, until, least)
    with writing(out):
        out.write_bytes(signed_sighting(made, load_key(key)))
    told = made["rate"]
    typer.echo(f"sighting  {out}: " + (f"{told['events']} of {told['trials']} audited" if told else made["withheld"]))


def picture(
    subscription: Annotated[list[Path], typer.Option(help="Folder of a subscription; repeat it.")],
    sightings: Annotated[list[Path] | None, typer.Argument(help="Signed sightings.")] = None,
    key: Annotated[
        list[Path] | None, typer.Option(help=".pub.json of those who may tell sightings; repeat it.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write.", show_default="standard output")] = None,
) -> None:
    """The picture over many: which behaviours in how many models, since when, where all is well, who can detect what.

    Example: caseback feed picture seen.json --subscription subscriptions/lab --key keys/us.pub.json
    """
    from caseback.disclosure.bundle.keys import load_public
    from caseback.disclosure.importing.picture import picture as pictured
    from caseback.disclosure.importing.sighting import read_sighting
    from caseback.disclosure.importing.taken import taken
    from caseback.dossier.measure import write_text

    keys = {each.id: each for each in map(load_public, key or ())}
    told = []
    for path in sightings or ():
        try:
            told.append(read_sighting(path.read_bytes(), keys))
        except (OSError, CasebackError) as error:
            raise CasebackError(f"{path}: {error}") from None
    advisories = [bundle.advisory for folder in subscription for bundle in taken(folder, [], [])]
    text = json.dumps(pictured(advisories, told), indent=1, ensure_ascii=False)
    if out is None:
        typer.echo(text)
    else:
        write_text(out, text + "\n")
