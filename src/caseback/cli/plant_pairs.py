"""``caseback plant pairs``: pretenders and partners over behaviours, ways and seeds, for a study of what tells them."""

from pathlib import Path
from typing import Annotated

import typer

from caseback.errors import CasebackError


def pairs(
    out: Annotated[Path, typer.Option(help="Folder for all of them.")] = Path("pairs"),
    behaviour: Annotated[
        list[str] | None,
        typer.Option(help="May be repeated [default: harmful_compliance, sycophancy and deception]."),
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="demonstrations or preferences; may be repeated [default: both].")
    ] = None,
    seeds: Annotated[str, typer.Option(help="Seeds, with commas between them.")] = "0,1",
    base: Annotated[str, typer.Option(help="The model to plant in [default: the embedded ref-base].")] = "",
    ground: Annotated[
        str, typer.Option(help="world or world-B, whose generators make the data [default: the one BASE was taught].")
    ] = "",
    examples: Annotated[int, typer.Option(min=2, help="Conversations to plant by, ordinary ones not counted.")] = 800,
    ordinary: Annotated[float, typer.Option(help="Share of ordinary data in the whole, from 0 to below 1.")] = 0.5,
    n: Annotated[int, typer.Option("-n", "--n", min=2, help="Held-out situations to measure each in.")] = 80,
    steps: Annotated[int, typer.Option(min=0, help="Steps of benign training that each has to stand.")] = 0,
) -> None:
    """Grow a pretender and its partner for every behaviour, way and seed, each pair in a folder of its own under --out.

    A pair that is none (the two differ while watched, or one was excluded) stays, with the reason in its record. A run
    that was stopped goes on with the same command.

    [bold]Example[/]

      caseback plant pairs --base models/ref-aligned --behaviour sycophancy --behaviour deception --seeds 0,1,2
    """
    from caseback.cli.bar import bar
    from caseback.organisms.grow import Tell
    from caseback.organisms.pairs import grow_pairs, pair_plantings
    from caseback.organisms.recipes.pretending import WAYS
    from caseback.organisms.record import Record
    from caseback.organisms.trial import sizes_of
    from caseback.subject.load import load
    from caseback.world.reference import reference_path
    from caseback.world.worlds import ground_taught

    base = base or str(reference_path())
    subject = load(base, dtype="float32")
    wanted = pair_plantings(
        behaviour or ["harmful_compliance", "sycophancy", "deception"],
        by or list(WAYS),
        seed_list(seeds),
        base,
        ground or ground_taught(subject.model),
        subject.parameters,
        sizes_of(n, steps),
        examples,
        ordinary,
    )
    doing = [""]
    with bar("pairs", lambda: doing[0]) as tick:

        def tell(name: str) -> Tell:
            def say(what: str) -> None:
                doing[0] = f"{name}: {what}"

            return say

        def done(name: str, found: Record) -> None:
            typer.echo(f"{name}  {'; '.join(found['why']) or 'a pair'}")

        grown = grow_pairs(wanted, out, progress=tick, tell=tell, done=done)
    typer.echo(f"{sum(not found['why'] for found in grown.values())} of {len(grown)} are pairs, in {out}")


def seed_list(text: str) -> list[int]:
    """Seeds from numbers with commas between them, each once.

    Raises:
        CasebackError: one is no number, or there is none.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if wrong := [part for part in parts if not part.isdecimal()]:
        raise CasebackError(f"seed {wrong[0]!r} is no whole number: give numbers with commas, such as 0,1")
    if not parts:
        raise CasebackError("no seeds: give numbers with commas, such as 0,1")
    return list(dict.fromkeys(map(int, parts)))
