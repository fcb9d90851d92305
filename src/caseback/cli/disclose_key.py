"""``caseback disclose key``: keys that sign advisories and feeds."""

from pathlib import Path
from typing import Annotated

import typer

from caseback.cli.group import group

app = group(help="Keys: make one, hand a feed over to a new one, take one back.")
Feed = Annotated[Path, typer.Option(help="Folder of your feed.")]


@app.command()
def new(
    path: Annotated[Path, typer.Argument(help="File for the private key; the public one goes beside it, .pub.json.")],
    name: Annotated[str, typer.Option(help="Whose it is, such as 'Example Lab'.")],
    days: Annotated[int, typer.Option(min=1, help="For how long it may sign.")] = 365,
) -> None:
    """Make a key. The private file is for you alone (mode 600); give the public one, or its id, to those who subscribe.

    Example: caseback disclose key new keys/lab --name "Example Lab"
    """
    from caseback.disclosure.bundle.keys import made_key, save_key

    key = made_key(name, days)
    public = save_key(key, path)
    typer.echo(f"private  {path}\npublic   {public}\nid       {key.public.id}")


@app.command()
def rotate(
    feed: Feed,
    old: Annotated[Path, typer.Option(help="The key that signs for the feed now.")],
    new: Annotated[Path, typer.Option(help="The key that shall.")],
) -> None:
    """Hand a feed over to a new key. Both sign that; subscribers follow without doing anything.

    Example: caseback disclose key rotate --feed feed --old keys/lab --new keys/lab-2027
    """
    from caseback.disclosure.bundle.keys import load_key
    from caseback.disclosure.feed.published import rotate as handed_over

    head = handed_over(feed, load_key(old), load_key(new))
    typer.echo(f"handed over  from entry {head.size - 1} of {feed} on, {head.signer} signs")


@app.command()
def revoke(
    id: Annotated[str, typer.Argument(help="Id of the key, sha256:…")],
    feed: Feed,
    key: Annotated[Path, typer.Option(help="The key that signs for the feed now; hand over first.")],
    why: Annotated[str, typer.Option(help="Told to everybody.")],
    since: Annotated[
        int | None,
        typer.Option(min=0, help="From which entry of the log on it does not count.", show_default="the first"),
    ] = None,
) -> None:
    """Take back a key that was lost or stolen: what it signed from an entry of the log on does not count.

    Advisories signed by it fall out of every subscription at the next sync; publish those that hold again.

    Example: caseback disclose key revoke sha256:4f… --feed feed --key keys/lab-2027 --why "laptop stolen" --since 12
    """
    from caseback.disclosure.bundle.keys import load_key
    from caseback.disclosure.feed.published import revoke as taken_back

    taken_back(feed, id, load_key(key), why, since)
    typer.echo(f"taken back  {id}")
