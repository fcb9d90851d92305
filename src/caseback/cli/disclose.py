"""``caseback disclose``: from a finding to a signed advisory that others can act on."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from caseback.cli.disclose_key import app as key_app
from caseback.cli.disclose_read import deadlines, diff, export, print_lines, read_bytes, show
from caseback.cli.group import group
from caseback.errors import CasebackError

app = group(help="Advisories: draft, check, sign, publish, withdraw, compare, export.")
app.add_typer(key_app, name="key")
Draft = Annotated[Path, typer.Argument(help="Folder of a draft, from [bold]caseback disclose new[/].")]
Key = Annotated[Path, typer.Option(help="File of your private key, from [bold]caseback disclose key new[/].")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SALTS = "withheld.json"
"""Beside the draft, never in it: by digest of what is withheld, the salt that opens it."""


@app.callback()
def disclose() -> None:
    """Advisories: tell others what was found, in a form that their monitors can load.

    The way: [bold]new[/] drafts from your record, [bold]check[/] says what is wrong or missing, [bold]publish[/] signs
    and puts it into a feed. [bold]show[/] reads anybody's.
    """


@app.command()
def new(
    source: Annotated[Path, typer.Argument(help="A dossier's folder, an audit.json, or an incident as JSON.")],
    out: Annotated[Path, typer.Argument(help="Folder for the draft; new or empty.")],
    publisher: Annotated[str, typer.Option(help="Who publishes, such as 'Example Lab'.")],
    behaviour: Annotated[str, typer.Option(help="Which behaviour, for a dossier or an audit.")] = "",
    verdict: Annotated[bool, typer.Option(help="Of a dossier: the audit's verdict, not the measured rate.")] = False,
    arm: Annotated[str, typer.Option(help="Of a dossier: which arm.", show_default="measured last")] = "",
    detector: Annotated[
        list[Path] | None, typer.Option(help="Folder of a detector that goes along; repeat it.")
    ] = None,
    contrast: Annotated[
        Path | None,
        typer.Option(help="JSON Lines with label and family: others refit a detector from it on their own model."),
    ] = None,
    method: Annotated[
        str, typer.Option(help="How it is fitted: mean, logistic, lda, or any: who fits it chooses.")
    ] = "any",
    reads: Annotated[str, typer.Option(help="What is read to fit: prompt, turn or reply.")] = "reply",
    evidence: Annotated[list[Path] | None, typer.Option(help="A file that goes along as it is; repeat it.")] = None,
    withhold: Annotated[
        list[Path] | None,
        typer.Option(help="A file that stays here: only a digest that commits to it goes; repeat it."),
    ] = None,
    tlp: Annotated[str, typer.Option(help="CLEAR, GREEN, AMBER, AMBER+STRICT or RED: who may see it.")] = "AMBER",
    embargo: Annotated[str, typer.Option(help="No feed takes it before, such as 2026-12-24T00:00:00Z.")] = "",
    setting: Annotated[str, typer.Option(help="Of an incident: internal use or external use.")] = "",
    id: Annotated[str, typer.Option(help="Such as LAB-2026-0001.", show_default="made of a digest")] = "",
    as_json: Json = False,
) -> None:
    """Draft an advisory from what is on record. Nothing is retyped, and what is missing is listed, not filled in.

    A verdict of "not found" makes signed good news: what was looked for, how, and what would have been found.

    Examples: caseback disclose new runs/mine/dossier drafts/one --behaviour sycophancy --publisher "Example Lab"

    caseback disclose new audit/audit.json drafts/two --behaviour deception --publisher "Example Lab"
    """
    from caseback.disclosure.bundle.assemble import (
        gathered,
        labelled_rows,
        slug,
        with_detector,
        with_evidence,
        with_recipe,
    )
    from caseback.disclosure.bundle.bundle import write_folder
    from caseback.disclosure.bundle.moments import read_time
    from caseback.dossier.disk import write_secret

    if out.exists() and any(out.iterdir()):
        raise CasebackError(f"{out} is not empty: name a new folder for the draft")
    advisory: Any = _drafted(source, behaviour, publisher, arm, verdict, id, setting)
    files: dict[str, bytes] = {}
    for folder in detector or ():
        advisory, files = with_detector(advisory, files, folder)
    if contrast is not None:
        inside = [each["name"] for each in advisory.get("detectors", ()) if each["needs"] == "activations"]
        name = inside[0] if inside else f"{slug(advisory['behaviour']['id'])}-recipe"
        rows = labelled_rows(read_bytes(contrast), str(contrast))
        advisory, files = with_recipe(advisory, files, name, rows, method=method, part=reads)
    salts: dict[str, str] = {}
    for path in evidence or ():
        advisory, files, _ = with_evidence(advisory, files, path, False)
    for path in withhold or ():
        advisory, files, salt = with_evidence(advisory, files, path, True)
        salts |= salt
    handling = {**advisory["handling"], "tlp": tlp}
    if embargo:
        read_time(embargo, "--embargo")
        handling["embargo_until"] = embargo
    whole = gathered({**advisory, "handling": handling}, files)
    place = out.with_name(f"{out.name}.{SALTS}")
    if salts:
        write_secret(place, json.dumps(salts, indent=1).encode() + b"\n")
    write_folder(whole, out)
    _told(out, json.loads(whole["advisory.json"]), as_json, str(place) if salts else "")


def _drafted(source: Path, behaviour: str, publisher: str, arm: str, verdict: bool, id: str, setting: str) -> Any:
    from caseback.disclosure.advisory.from_audit import KIND, from_audit
    from caseback.disclosure.advisory.from_dossier import from_dossier
    from caseback.disclosure.advisory.from_incident import from_incident
    from caseback.disclosure.bundle.limits import EVIDENCE
    from caseback.disclosure.bundle.strict_json import parse
    from caseback.dossier import read_dossier

    if source.is_dir():
        folder = source / "dossier" if (source / "dossier").is_dir() else source
        with read_dossier(folder) as dossier:
            if not behaviour:
                names = sorted({str(each.body.get("behaviour")) for each in dossier.records("measurement")})
                raise CasebackError(f"which behaviour? give --behaviour, one of {', '.join(names) or 'none measured'}")
            if not verdict:
                return from_dossier(dossier, behaviour, publisher, arm, id=id)
            audits = [each.body for each in dossier.records("audit")]
            if not audits:
                raise CasebackError(f"{folder} holds no audit: run `caseback audit`, and give its audit.json")
            subjects = [each.body for each in dossier.records("subject")]
            return from_audit(audits[-1], behaviour, publisher, id, subjects)
    data = parse(read_bytes(source), str(source), EVIDENCE)
    if isinstance(data, dict) and data.get("kind") == KIND:
        return from_audit(data, behaviour, publisher, id)
    return from_incident(data, publisher, id, setting)


def _told(out: Path, advisory: dict[str, Any], as_json: bool, salts: str) -> None:
    if as_json:
        typer.echo(json.dumps({"folder": str(out), "id": advisory["id"], "gaps": advisory["gaps"]}, indent=1))
        return
    print_lines(advisory)
    typer.echo(f"draft  {out}: mend advisory.json where you know more, then `caseback disclose check {out}`")
    if salts:
        typer.echo(f"salts  {salts}: keep it; with it you can show later what was withheld")


@app.command()
def check(draft: Draft, as_json: Json = False) -> None:
    """See what is wrong with a draft, what is missing in it, and what in it looks like personal data.

    Exit status: 1 where something is wrong, 0 where it may be signed, gaps or not.

    Example: caseback disclose check drafts/one
    """
    from caseback.disclosure.bundle.review import review

    found = review(draft)
    if as_json:
        typer.echo(json.dumps(found, indent=1, ensure_ascii=False))
        raise typer.Exit(1 if found["wrong"] else 0)
    for each in found["wrong"]:
        typer.echo(f"wrong    {each}")
    for each in found["personal"]:
        typer.echo(f"personal {each}")
    for each in found["gaps"]:
        typer.echo(f"missing  {each['field']}: {each['why']}")
    said = "mend that before you sign" if found["wrong"] else "it may be signed"
    typer.echo(f"{len(found['wrong'])} wrong, {len(found['personal'])} personal, {len(found['gaps'])} missing: {said}")
    raise typer.Exit(1 if found["wrong"] else 0)


@app.command()
def sign(
    draft: Draft,
    key: Key,
    tar: Annotated[Path | None, typer.Option(help="Also write the bundle as one file, such as one.tar.")] = None,
    personal_ok: Annotated[
        bool, typer.Option(help="What looks like personal data was looked at, and may be published.")
    ] = False,
) -> None:
    """Sign a draft: from then on no byte of it can change unseen.

    Example: caseback disclose sign drafts/one --key keys/lab
    """
    from caseback.disclosure.bundle.bundle import write_folder, write_tar

    files = _signed(draft, key, personal_ok)
    write_folder(files, draft)
    if tar is not None:
        write_tar(files, tar)
    typer.echo(f"signed  {tar or draft}")


def _signed(draft: Path, key: Path, personal_ok: bool) -> dict[str, bytes]:
    from caseback.disclosure.bundle.bundle import signed
    from caseback.disclosure.bundle.keys import load_key
    from caseback.disclosure.bundle.review import may_be_signed

    return signed(may_be_signed(draft, personal_ok), load_key(key))


@app.command()
def publish(
    draft: Draft,
    feed: Annotated[Path, typer.Option(help="Folder of your feed, from [bold]caseback feed new[/].")],
    key: Key,
    personal_ok: Annotated[bool, typer.Option(help="As for [bold]sign[/].")] = False,
) -> None:
    """Sign a draft and put it into a feed. Under embargo, or more confidential than the feed, it is refused.

    Example: caseback disclose publish drafts/one --feed feed --key keys/lab
    """
    from caseback.disclosure.bundle.bundle import signed, write_folder
    from caseback.disclosure.bundle.keys import load_key
    from caseback.disclosure.bundle.review import as_published, may_be_signed
    from caseback.disclosure.feed.published import publish as published

    secret = load_key(key)
    files = signed(as_published(may_be_signed(draft, personal_ok)), secret)
    head = published(feed, [files], secret)
    write_folder(files, draft)
    typer.echo(f"published  {json.loads(files['advisory.json'])['id']}, entry {head.size - 1} of {feed}")


@app.command()
def withdraw(
    id: Annotated[str, typer.Argument(help="Of the advisory.")],
    feed: Annotated[Path, typer.Option(help="Folder of your feed.")],
    key: Key,
    why: Annotated[str, typer.Option(help="Told to everybody who imported it.")],
) -> None:
    """Withdraw an advisory: a new revision says so and why. What was published stays in the log.

    Example: caseback disclose withdraw LAB-2026-0001 --feed feed --key keys/lab --why "the judge was wrong"
    """
    from caseback.disclosure.bundle.bundle import signed
    from caseback.disclosure.bundle.keys import load_key
    from caseback.disclosure.bundle.review import withdrawn
    from caseback.disclosure.feed.published import newest_files
    from caseback.disclosure.feed.published import publish as published

    secret = load_key(key)
    head = published(feed, [signed(withdrawn(newest_files(feed, id), why), secret)], secret)
    typer.echo(f"withdrawn  {id}, entry {head.size - 1} of {feed}")


app.command()(diff)
app.command()(show)
app.command()(export)
app.command()(deadlines)
