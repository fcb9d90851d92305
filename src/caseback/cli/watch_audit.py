"""``caseback watch audit``: which exchanges people look at, and what they find."""

import os
import secrets
import time
from pathlib import Path
from typing import Annotated, Literal

import typer

from caseback.cli.group import group
from caseback.cli.watch_opened import Config, Json, Opened, Stored, Who, opened, printed
from caseback.cli.watch_text import told
from caseback.errors import CasebackError

KEY = "audit.key"
Key = Annotated[
    Path | None, typer.Option(help="File with the key of the draw.", show_default="audit.key in the folder")
]

app = group(
    help="People look at a few exchanges, drawn with a known probability: what rates rest on.\n\nFirst [bold]begin[/]; "
    "then [bold]draw[/] now and then (`caseback watch alerts run` does it); [bold]queue[/] shows what awaits somebody, "
    "[bold]record[/] keeps what was found."
)


@app.command()
def begin(
    behaviours: Annotated[list[str], typer.Argument(help="What people are asked about.")],
    config: Config = None,
    store: Stored = "",
    random_slice: Annotated[
        float, typer.Option("--slice", help="Share of everything that is drawn whatever the scores say.")
    ] = 0.01,
    budget: Annotated[
        float, typer.Option(help="Share that people look at; beyond the slice where it tells most.")
    ] = 0.02,
    reviewers: Annotated[int, typer.Option(help="How many must agree: 1 or 2. Where two differ a third decides.")] = 1,
    key: Key = None,
) -> None:
    """Begin to draw, from the next exchange on.

    The draw is a keyed hash of the exchange's id: the key is written to a file that only you may read, and its SHA-256
    into the store, so that every decision can be proven later. Rates from audits begin anew with each design.

    Example: caseback watch audit begin insult --slice 0.01 --budget 0.02
    """
    from caseback.watch.rates.designs import begin_design

    with opened(config, store) as found:
        file = _key_file(found, key)
        made = begin_design(found.store, _made_key(file), behaviours, random_slice=random_slice, budget=budget,
                            reviewers=reviewers, now=time.time())  # fmt: skip
    typer.echo(f"design {made.number}, from exchange {made.first_exchange} on; key {file}, SHA-256 {made.commitment}")


@app.command()
def draw(config: Config = None, store: Stored = "", key: Key = None) -> None:
    """Decide on all exchanges that came since the last time.

    Example: caseback watch audit draw
    """
    from caseback.cli.watch_rates import keep_missing
    from caseback.watch.rates.drawing import draw_new

    with opened(config, store) as found:
        keep_missing(found)
        chosen = draw_new(found.store, read_key(_key_file(found, key)), time.time())
    typer.echo(f"{chosen} exchanges are to be looked at")


@app.command()
def queue(
    who: Who,
    config: Config = None,
    store: Stored = "",
    most: Annotated[int, typer.Option("-n", min=1, help="Exchanges at most.")] = 20,
    as_json: Json = False,
) -> None:
    """What awaits an audit that you can give, the oldest first: rates reach as far as the first that is missing.

    Neither scores nor the reason of the draw are shown, so that they do not sway whoever looks.

    Example: caseback watch audit queue --who ann
    """
    from dataclasses import asdict

    from caseback.watch.rates.audits import queue as awaited

    with opened(config, store) as found:
        rows = awaited(found.store, who, time.time(), most)
    if as_json:
        printed([asdict(row) for row in rows])
        return
    for row in rows:
        typer.echo(f"{row.exchange}  {', '.join(row.behaviours)}  looked at by {row.looked}")
    typer.echo("nothing awaits you" if not rows else "read one: caseback watch audit read ID")


@app.command()
def read(
    exchange: Annotated[str, typer.Argument(help="Its id.")],
    config: Config = None,
    store: Stored = "",
    as_json: Json = False,
) -> None:
    """Print an exchange, without what detectors said of it.

    Example: caseback watch audit read 0196d2…
    """
    from caseback.watch.store.read import one

    with opened(config, store) as found:
        whole = one(found.store, exchange)
    if whole is None:
        raise CasebackError(f"no exchange {exchange[:80]!r} in the store")
    if as_json:
        printed({"exchange": exchange, "messages": whole.messages, "why_gone": whole.why_gone})
        return
    if whole.messages is None:
        raise CasebackError(f"exchange {exchange[:80]}: {whole.why_gone}; record it with --cannot-tell")
    for message in whole.messages:
        typer.echo(f"--- {told(message)}")


@app.command()
def record(
    exchange: Annotated[str, typer.Argument(help="Its id.")],
    verdict: Annotated[Literal["violation", "clean", "cannot-tell"], typer.Argument(help="What you found.")],
    who: Who,
    behaviour: Annotated[
        list[str] | None, typer.Option(help="Of which behaviour.", show_default="all that are asked about")
    ] = None,
    config: Config = None,
    store: Stored = "",
) -> None:
    """Keep what you found in an exchange. A second verdict of yours replaces your first.

    Example: caseback watch audit record 0196d2… clean --who ann
    """
    from caseback.watch.rates.audits import record as kept
    from caseback.watch.rates.designs import current_design

    with opened(config, store) as found:
        design = current_design(found.store)
        asked = behaviour or (list(design.behaviours) if design else [])
        violation = {"violation": True, "clean": False, "cannot-tell": None}[verdict]
        kept(found.store, exchange, who, dict.fromkeys(asked, violation), time.time())
    typer.echo(f"kept: {verdict} of {', '.join(asked)}, by {who}")


@app.command()
def agreement(config: Config = None, store: Stored = "", as_json: Json = False) -> None:
    """How far two people who looked at the same exchanges agree (Cohen's kappa).

    Example: caseback watch audit agreement
    """
    from dataclasses import asdict

    from caseback.watch.rates.audits import reviewers_agree

    with opened(config, store) as found:
        names = [
            row["behaviour"] for row in found.store.query("SELECT DISTINCT behaviour FROM audits ORDER BY behaviour")
        ]
        told = {name: reviewers_agree(found.store, name) for name in names}
    if as_json:
        printed({name: asdict(each) for name, each in told.items()})
        return
    for name, each in told.items():
        kappa = "cannot tell" if each.kappa is None else f"{each.kappa:.2f}"
        typer.echo(f"{name}: kappa {kappa} [{each.low:.2f}, {each.high:.2f}], the same {each.agreed}")
    if not told:
        typer.echo("nobody has looked at anything yet")


@app.command()
def prove(config: Config = None, store: Stored = "", key: Key = None) -> None:
    """Check that every decision is the one that the key gives. Exit status 1 where one is not.

    Example: caseback watch audit prove
    """
    from caseback.watch.rates.drawing import unproven

    with opened(config, store) as found:
        wrong = unproven(found.store, read_key(_key_file(found, key)))
    typer.echo(f"{len(wrong)} decisions are not what the key gives" + (f", such as {wrong[0]}" if wrong else ""))
    raise typer.Exit(bool(wrong))


def read_key(file: Path) -> bytes:
    """The key in a file.

    Raises:
        CasebackError: there is none.
    """
    try:
        return bytes.fromhex(file.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise CasebackError(f"{file}: no key of the draw ({error}); name its file with --key") from None


def _key_file(found: Opened, key: Path | None) -> Path:
    if key:
        return key
    if found.configuration is None:
        raise CasebackError("--store alone does not say where the key is: give --key FILE")
    return found.configuration.folder / KEY


def _made_key(file: Path) -> bytes:
    """The key in the file, or a new one, which nobody else may read."""
    if file.exists():
        return read_key(file)
    made = secrets.token_bytes(32)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as opened_file:
            opened_file.write(made.hex() + "\n")
    except OSError as error:
        raise CasebackError(f"{file}: the key cannot be written ({error.strerror}); name another with --key") from None
    return made
