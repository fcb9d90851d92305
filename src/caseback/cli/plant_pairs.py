"""``caseback plant pairs``: pretenders and partners over behaviours, ways and seeds, for a study of what tells them."""

from pathlib import Path
from typing import Annotated

import typer

from caseback.cli.numbers import whole_numbers
from caseback.cli.planted_in import Base, GroundOption, planted_in


def pairs(
    out: Annotated[Path, typer.Option(help="Folder for all of them.")] = Path("pairs"),
    behaviour: Annotated[
        list[str] | None,
        typer.Option(help="May be repeated.", show_default="harmful_compliance, sycophancy and deception"),
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="demonstrations or preferences; may be repeated.", show_default="both")
    ] = None,
    seeds: Annotated[str, typer.Option(help="Seeds, with commas between them.")] = "0,1",
    base: Base = "",
    ground: GroundOption = "",
    examples: Annotated[int, typer.Option(min=2, help="Conversations to plant by, ordinary ones not counted.")] = 800,
    ordinary: Annotated[float, typer.Option(help="Share of ordinary data in the whole, from 0 to below 1.")] = 0.5,
    n: Annotated[int, typer.Option("-n", "--n", min=2, help="Held-out situations to measure each in.")] = 80,
    steps: Annotated[int, typer.Option(min=0, help="Steps of benign training that each has to stand.")] = 0,
) -> None:
    """Grow a pretender and its partner for every behaviour, way and seed, each pair in a folder of its own under --out.

    A pair that is none (the two differ while watched, or one was excluded) stays, with the reason in its record. A run
    that was stopped goes on with the same command.

    [bold]Example[/]

      caseback plant pairs --behaviour sycophancy --behaviour deception --seeds 0,1,2
    """
    from caseback.cli.bar import bar
    from caseback.organisms.grow import Tell
    from caseback.organisms.pairs import grow_pairs, pair_plantings
    from caseback.organisms.recipes.pretending import WAYS
    from caseback.organisms.record import Record
    from caseback.organisms.trial import sizes_of

    wanted = pair_plantings(
        behaviour or ["harmful_compliance", "sycophancy", "deception"],
        by or list(WAYS),
        whole_numbers(seeds, "seed"),
        *planted_in(base, ground),
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
