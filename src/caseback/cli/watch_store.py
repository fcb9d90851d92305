"""``caseback watch store``: what the store saw and did not see, holds, deletion, sealed segments."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from caseback.cli.group import group
from caseback.cli.watch_opened import Config, Json, Stored, Who, opened, printed
from caseback.cli.watch_settings import FILE
from caseback.cli.watch_text import plain
from caseback.errors import CasebackError

if TYPE_CHECKING:
    from caseback.watch.store.rows import Coverage

app = group(help="What the store saw and did not see; holds, deletion, sealed segments.")
Segments = Annotated[Path, typer.Option("--segments", help="Folder of the sealed segments.")]
FOLDER = Path("segments")
SPANS = {"hour": 3600.0, "day": 86400.0}


@app.command()
def coverage(
    days: Annotated[float, typer.Option(help="Days back from now.", min=0.001)] = 1.0,
    config: Config = None,
    store: Stored = "",
    as_json: Json = False,
) -> None:
    """How much of the traffic was seen: exchanges kept, what detectors evaluated and why not, gaps.

    Example: caseback watch store coverage --days 7
    """
    from caseback.watch.store import coverage as read
    from caseback.watch.store.read import detectors

    now = time.time()
    with opened(config, store) as here:
        found = read.coverage(here.store, now - days * 86400, now)
        gaps = read.gaps(here.store, now - days * 86400, now)
        names = {each.digest: each.name for each in detectors(here.store)}
    if as_json:
        printed({**asdict(found), "each_gap": [asdict(gap) for gap in gaps]})
        return
    for line in _told(found, names):
        typer.echo(line)
    for gap in gaps:
        if gap.kind != "lost":
            typer.echo(f"{_utc(gap.begun)} to {_utc(gap.ended)}  {gap.kind}: {gap.why}")


@app.command()
def hold(
    kind: Annotated[Literal["exchange", "client", "trace", "detector"], typer.Argument(help="What it is on.")],
    value: Annotated[str, typer.Argument(help="The exchange's or trace's id, client's name or detector's id.")],
    why: Annotated[str, typer.Option(help="Why.")],
    who: Who,
    config: Config = None,
    store: Stored = "",
) -> None:
    """Keep what no rule of retention may delete, until the hold is lifted. Prints its id.

    Example: caseback watch store hold client alice --why "case 7" --who counsel
    """
    from caseback.watch.store.holds import place

    with opened(config, store) as here:
        typer.echo(place(here.store, kind, value, who=who, why=why, time=time.time()).id)


@app.command()
def lift(
    id: Annotated[str, typer.Argument(help="The hold's id.")], who: Who, config: Config = None, store: Stored = ""
) -> None:
    """Lift a hold, which stays in the list.

    Example: caseback watch store lift 3f2a9c1b07d4e6a8 --who judge
    """
    from caseback.watch.store.holds import lift as lifted

    with opened(config, store) as here:
        lifted(here.store, id, who=who, time=time.time())


@app.command()
def holds(config: Config = None, store: Stored = "", as_json: Json = False) -> None:
    """List the holds, those that were lifted too.

    Example: caseback watch store holds
    """
    from caseback.watch.store.holds import holds as listed

    with opened(config, store) as here:
        found = listed(here.store)
    if as_json:
        printed([asdict(each) for each in found])
        return
    for each in found:
        lifted = f", lifted {_utc(each.lifted)} by {each.lifted_by}" if each.lifted is not None else ""
        typer.echo(f"{each.id}  {each.kind} {each.value}: {each.why} ({each.who}, {_utc(each.placed)}{lifted})")


@app.command()
def delete(
    ids: Annotated[list[str], typer.Argument(help="Ids of exchanges.")],
    rule: Annotated[str, typer.Option(help="Why, and at whose wish; it stays in the tombstone.")],
    segments: Segments = FOLDER,
    config: Config = None,
    store: Stored = "",
) -> None:
    """Delete the texts of exchanges, from the store and from its segments, but for those that are held.

    Example: caseback watch store delete 019ad3f2c1000000a1b2c3d4e5f6 --rule "asked by the person, ticket 9"
    """
    from caseback.watch.store.holds import held
    from caseback.watch.store.retention import delete_texts, scrub
    from caseback.watch.store.segments import delete_sealed_texts, sealed_elsewhere

    now, wanted, sealed = time.time(), set(ids), 0
    with opened(config, store) as here:
        done = delete_texts(here.store, ids, rule=rule, now=now)
        if segments.is_dir():
            sealed, _ = delete_sealed_texts(here.store, segments, lambda row: row["id"] in wanted, rule=rule, now=now)
        gone, left = scrub(here.store), sealed_elsewhere(here.store, segments, ids)
        kept = held(here.store, ids)
    typer.echo(f"{done.texts} texts deleted from the store and {sealed} from segments, {len(kept)} exchanges are held")
    if not gone:
        typer.echo("a reader holds the store's log: the bytes go with the next deletion, or run this again")
    if left:
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        raise CasebackError(
            f"{segments}: the sealed text of {left[0]}{more} is not deleted: its segment is not in this folder; name "
            "the one where it is with --segments, and run this again"
        )


@app.command()
def deletions(
    exchange: Annotated[str, typer.Argument(help="Its id.", show_default="of all exchanges")] = "",
    config: Config = None,
    store: Stored = "",
    as_json: Json = False,
) -> None:
    """List what was deleted: of which exchange, from where, when, by which rule, and the SHA-256 of what stood there.

    Example: caseback watch store deletions 019ad3f2c1000000a1b2c3d4e5f6
    """
    from caseback.watch.store.retention import tombstones

    with opened(config, store) as here:
        found = tombstones(here.store, exchange)
    if as_json:
        printed([asdict(each) for each in found])
        return
    for each in found:
        typer.echo(f"{_utc(each.time)}  {each.exchange}  {each.what} in {each.place}: {each.rule}  {each.digest}")


@app.command()
def rotate(config: Config = None) -> None:
    """Make a new key for pseudonyms; the old one is gone, and nobody can link pseudonyms across this moment.

    A writer at work takes the new key with its next commit.

    Example: caseback watch store rotate
    """
    from caseback.cli.watch_write import keeping
    from caseback.watch.configuration import read_configuration
    from caseback.watch.store.pseudonyms import rotate as rotated

    key = keeping(read_configuration(config or FILE)).key
    rotated(key)
    typer.echo(f"{key}: a new key")


@app.command()
def seal(
    every: Annotated[Literal["hour", "day"], typer.Option(help="How long a segment is.")] = "day",
    segments: Segments = FOLDER,
    config: Config = None,
    store: Stored = "",
) -> None:
    """Seal the hours or days that are over as Parquet, and delete from segments the texts that have expired.

    Run it from a timer. An hour that is over is sealed a quarter of an hour later.

    Example: caseback watch store seal --every day --segments segments
    """
    from caseback.watch.store.segments import expire_sealed
    from caseback.watch.store.segments import seal as sealed

    now = time.time()
    with opened(config, store) as here:
        made = sealed(here.store, segments, before=now - 900, width=SPANS[every])
        texts, held = expire_sealed(here.store, segments, now)
    for line in made:
        typer.echo(f"segment {line.number}: {_utc(line.begun)}, {line.files['exchanges.parquet'].rows} exchanges")
    typer.echo(f"{len(made)} segments sealed; {texts} texts expired in segments, {held} are held")


@app.command()
def ask(
    sql: Annotated[str, typer.Argument(help="In DuckDB's SQL, of the tables exchanges, verdicts and texts.")],
    segments: Segments = FOLDER,
    config: Config = None,
    store: Stored = "",
    as_json: Json = False,
) -> None:
    """Ask all exchanges, sealed or not, in SQL; prints rows with a tab between values.

    Example: caseback watch store ask "SELECT client, COUNT(*) FROM exchanges GROUP BY client"
    """
    from caseback.watch.store.lake import rows_in_lake

    with opened(config, store) as here:
        names, rows = rows_in_lake(here.store, segments, sql)
    if as_json:
        printed([dict(zip(names, row, strict=True)) for row in rows])
        return
    for each in (names, *rows):
        typer.echo("\t".join(plain(" ".join(str(value).split())) for value in each))


@app.command()
def verify(segments: Segments = FOLDER, config: Config = None, store: Stored = "") -> None:
    """Say whether the sealed segments are as they were sealed; status 2 where they are not.

    Example: caseback watch store verify
    """
    from caseback.watch.store.segments import verify as verified

    with opened(config, store) as here:
        wrong = verified(segments, here.store)
    for line in wrong:
        typer.echo(line)
    if wrong:
        raise CasebackError(f"{segments}: {len(wrong)} things are not as they were sealed; restore them from a copy")
    typer.echo("all as it was sealed")


def _told(found: "Coverage", names: Mapping[str, str]) -> list[str]:
    ended = ", ".join(f"{n} {how}" for how, n in found.ended.items())
    lines = [f"{found.kept} exchanges kept" + (f" ({ended})" if ended else "")]
    lines.append(
        f"{found.missed} known to be missing, {found.unknown} gaps of unknown size, "
        f"{found.unwatched_s:.0f} s without a gateway"
    )
    for digest, counted in found.detectors.items():
        why: Any = "".join(f"; {n} not: {reason}" for reason, n in counted.not_evaluated.items())
        lines.append(f"{names.get(digest, digest[:12])}: {counted.evaluated} evaluated, {counted.flagged} flagged{why}")
    return lines


def _utc(time_s: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time_s))
