"""``caseback feed``: publish advisories to others, follow theirs, and watch for what they found."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from caseback.cli.feed_import import coverage, import_, picture, review, sighting, watch
from caseback.cli.group import group

if TYPE_CHECKING:
    from caseback.disclosure.feed.sync import Synced

app = group(help="Feeds: publish advisories, follow those of others, and watch for what they found.")
Feed = Annotated[Path, typer.Argument(help="Folder of your feed.")]
Key = Annotated[Path, typer.Option(help="File of your private key, from [bold]caseback disclose key new[/].")]
Subscription = Annotated[Path, typer.Argument(help="Folder of a subscription.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def feed() -> None:
    """Feeds: a static folder that anyone can host, with a signed log that cannot be rewritten unseen.

    Yours: [bold]new[/], [bold]publish[/]. Others': [bold]subscribe[/], [bold]sync[/], [bold]import[/], which puts a
    detector into shadow, [bold]review[/], which promotes it by your own audits, and [bold]coverage[/].
    """


app.command("import")(import_)
app.command()(review)
app.command()(coverage)
app.command()(watch)
app.command()(sighting)
app.command()(picture)


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="For the feed; new or empty.")],
    title: Annotated[str, typer.Option(help="What it is called.")],
    key: Key,
    tlp: Annotated[
        str, typer.Option(help="The strictest TLP that goes into it: CLEAR, GREEN, AMBER or AMBER+STRICT.")
    ] = "GREEN",
    days: Annotated[int, typer.Option(min=1, help="For how long its head may be relied on.")] = 30,
    home: Annotated[str, typer.Option(help="Its address on the web, for feed readers.")] = "",
) -> None:
    """Make an empty feed. Put its folder on any web server, or share it.

    Example: caseback feed new feed --title "Example Lab advisories" --key keys/lab
    """
    from caseback.disclosure.bundle.keys import load_key
    from caseback.disclosure.feed.published import new_feed

    secret = load_key(key)
    new_feed(folder, title, secret, tlp, days, home)
    typer.echo(
        f"feed  {folder}\nkey   {secret.public.id}: tell it to those who subscribe, by another way than the feed"
    )


@app.command()
def publish(
    folder: Feed,
    bundles: Annotated[list[Path] | None, typer.Argument(help="Signed bundles; none to sign the head again.")] = None,
    key: Annotated[Path | None, typer.Option(help="File of your private key.")] = None,
) -> None:
    """Put signed bundles into your feed: all of them, or none. Without any, its head is signed for another while.

    Example: caseback feed publish feed one.tar two.tar --key keys/lab
    """
    from caseback.disclosure.bundle.bundle import read_files
    from caseback.disclosure.bundle.keys import load_key
    from caseback.disclosure.bundle.moments import written
    from caseback.disclosure.feed.published import publish as published
    from caseback.disclosure.feed.published import refresh
    from caseback.errors import CasebackError

    if key is None:
        raise CasebackError("a feed is signed: give --key")
    secret = load_key(key)
    head = published(folder, [read_files(each) for each in bundles], secret) if bundles else refresh(folder, secret)
    typer.echo(f"{folder}: {head.size} entries, good until {written(head.expires)}")


@app.command()
def subscribe(
    address: Annotated[str, typer.Argument(help="Folder of a feed, or its address, https://…")],
    folder: Annotated[Path, typer.Argument(help="For the subscription; new.")],
    key: Annotated[
        list[str] | None,
        typer.Option(
            help="Id (sha256:…) or .pub.json of a key that its owner gave you; repeat it.", show_default="the feed's"
        ),
    ] = None,
    mirror: Annotated[list[str] | None, typer.Option(help="Another address of the same feed; repeat it.")] = None,
) -> None:
    """Follow a feed. Without --key its own first key is pinned as it is now: compare it with what its owner says.

    Example: caseback feed subscribe https://lab.example/advisories subscriptions/lab --key sha256:4f…
    """
    from caseback.disclosure.bundle.keys import load_public
    from caseback.disclosure.feed.subscription import subscribe as subscribed

    given = key or []
    files = [load_public(Path(each)) for each in given if not each.startswith("sha256:")]
    ids = [each for each in given if each.startswith("sha256:")]
    made = subscribed(folder, [address, *(mirror or ())], files, ids)
    [pinned] = made.pinned.values()
    how = "pinned as the feed gives it: compare it with what its owner says" if made.first_use else "as you gave it"
    typer.echo(f"subscribed  {folder}\nkey         {pinned.id}, {how}\nnext        caseback feed sync {folder}")


@app.command()
def sync(folder: Subscription, as_json: Json = False) -> None:
    """Bring a subscription up to date: all of a newer head that verifies, or nothing of it, with the reason.

    A sync that broke off goes on where it was. Exit status: 1 where something in the feed was refused, 2 where nothing
    was taken.

    Example: caseback feed sync subscriptions/lab
    """
    from caseback.cli.bar import bar
    from caseback.disclosure.feed.subscription import read_subscription
    from caseback.disclosure.feed.sync import sync as synced

    read = read_subscription(folder)
    with bar("fetching") as tick:
        found = synced(read, progress=tick)
    if as_json:
        typer.echo(json.dumps(_plain(found), indent=1, ensure_ascii=False))
    else:
        for entry in found.new:
            typer.echo(f"new      {entry.id}, revision {entry.revision}")
        for id, revision, why in found.refused:
            typer.echo(f"refused  {id}, revision {revision}: {why}")
        for address, why in found.unreachable:
            typer.echo(f"no help  {address}: {why}", err=True)
        typer.echo(f"{folder}: log of {found.head.size} entries, root {found.head.root[:12]}…")
    raise typer.Exit(1 if found.refused else 0)


def _plain(found: "Synced") -> dict[str, Any]:
    return {
        "size": found.head.size,
        "root": found.head.root,
        "new": [{"id": each.id, "revision": each.revision} for each in found.new],
        "refused": [{"id": id, "revision": revision, "why": why} for id, revision, why in found.refused],
        "unreachable": [{"address": address, "why": why} for address, why in found.unreachable],
    }


@app.command("list")
def list_(
    folder: Subscription,
    behaviour: Annotated[str, typer.Option(help="Only those about this one.")] = "",
    model: Annotated[str, typer.Option(help="Only those that name this model, by its digest sha256:…")] = "",
    as_json: Json = False,
) -> None:
    """The advisories that a subscription has.

    Example: caseback feed list subscriptions/lab --behaviour sycophancy
    """
    from dataclasses import asdict

    from caseback.disclosure.feed.store import listed
    from caseback.disclosure.feed.synced import synced

    with synced(folder) as (_, store):
        found = listed(store, behaviour, model)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], indent=1, ensure_ascii=False))
        return
    table = Table("id", "rev", "kind", "behaviour", "", box=None, header_style="bold")
    for each in found:
        said = f"withdrawn {each.withdrawn}" if each.withdrawn else each.summary
        table.add_row(each.id, str(each.revision), each.kind, each.behaviour, said)
    Console(highlight=False, markup=False).print(table)


@app.command()
def verify(
    address: Annotated[str, typer.Argument(help="Folder or address of a feed.")],
    key: Annotated[
        list[str] | None, typer.Option(help="Id of the key that it must begin with; repeat it.", show_default="any")
    ] = None,
    proof: Annotated[Path | None, typer.Option(help="A proof from [bold]caseback feed prove[/] to check.")] = None,
    against: Annotated[
        Path | None, typer.Option(help="A head.dsse.json that somebody else saw: do both see one log?")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a feed from end to end: keys, head, log, every bundle. Nothing is kept.

    Exit status: 1 where a bundle in it is refused, 2 where the feed is.

    Example: caseback feed verify feed
    """
    from caseback.disclosure.feed.verify import verify as verified

    found = verified(address, key or [], proof, against)
    if as_json:
        typer.echo(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        for each in found["refused"]:
            typer.echo(f"refused  {each['id']}, revision {each['revision']}: {each['why']}")
        for said in found["said"]:
            typer.echo(said)
    raise typer.Exit(1 if found["refused"] else 0)


@app.command()
def prove(
    folder: Feed,
    id: Annotated[str, typer.Argument(help="Of an advisory in it; none for a proof that the log goes on.")] = "",
    since: Annotated[
        int | None, typer.Option(min=1, help="That the log goes on from the one of so many entries.")
    ] = None,
) -> None:
    """Write a proof that an advisory is in your feed's log, or that the log goes on from a shorter one.

    Whoever has the signed head can check it: RFC 6962, a few hashes.

    Example: caseback feed prove feed LAB-2026-0001
    """
    from caseback.disclosure.feed.proof import prove_consistent, prove_included
    from caseback.disclosure.feed.published import read_published
    from caseback.errors import CasebackError

    if bool(id) == bool(since):
        raise CasebackError("prove what? give the id of an advisory, or --since a number of entries")
    read = read_published(folder)
    typer.echo(json.dumps(prove_included(read, id) if id else prove_consistent(read, since or 0), indent=1))
