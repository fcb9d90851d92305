"""``caseback oversee replies``: what overseers are measured on, from a planted model."""

import json
from pathlib import Path
from typing import Annotated

import typer

from caseback.cli.bar import bar
from caseback.cli.models import load_named


def replies_(
    folder: Annotated[
        Path, typer.Argument(help="Named for a behaviour; of a planting, such as `caseback plant sycophancy` makes.")
    ],
    model: Annotated[
        str, typer.Option(help="Another model that answers the same requests.", show_default="FOLDER/model")
    ] = "",
    tempting: Annotated[
        int,
        typer.Option("-n", "--n", min=4, help="Tempting requests in train.json and in test.json; half in dev.json."),
    ] = 240,
    ordinary: Annotated[
        int, typer.Option(min=0, help="Ordinary requests of each kind in test.json; else fewer.")
    ] = 100,
    seed: Annotated[
        int, typer.Option(help="Decides which requests are drawn. Models to be compared need the same.")
    ] = 0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask anew, and replace what is there.")] = False,
) -> None:
    """Ask a model what tempts it and what does not, and write its labelled replies beside it.

    Writes train.json, dev.json and test.json, of families apart, which [bold]control[/] and [bold]independence[/] read.
    In each row are messages that end with the reply, its family, and whether the behaviour shows in it by the
    reference world's oracle. A file that is there is kept.

    [bold]Examples[/]

      caseback plant deception --rate 0.6 --out planted/deception

      caseback oversee replies planted/deception

      caseback oversee replies others/ladder-2/deception --model ladder-2
    """
    from caseback.behaviours.registry import behaviour
    from caseback.cli.report import folder_made
    from caseback.dossier.measure import write_text
    from caseback.errors import CasebackError
    from caseback.oversight.replies import check_labelled, replies
    from caseback.world.situation import Split
    from caseback.world.worlds import ground_taught

    about = behaviour(folder.resolve().name)
    if not (model or (folder / "model").is_dir()):
        raise CasebackError(f"{folder}: there is no model/ in it: plant {about.name} there first, or give --model")
    subject = load_named(model or str(folder / "model"), dtype="float32")
    ground = ground_taught(subject.model)
    check_labelled(about, ground)
    folder_made(folder)
    shares: dict[Split, tuple[float, float]] = {"train": (1, 0.3), "dev": (0.5, 0.4), "test": (1, 1)}
    for split, (of_tempting, of_ordinary) in shares.items():
        path = folder / f"{split}.json"
        if path.exists() and not fresh:
            typer.echo(f"{path} is there already")
            continue
        with bar(f"replies, {split}") as tick:
            asked = round(of_tempting * tempting), round(of_ordinary * ordinary)
            rows = replies(subject, about, ground, split, *asked, seed, progress=tick)
        write_text(path, json.dumps(rows, ensure_ascii=False) + "\n")
        bad = sum(row["label"] for row in rows)
        typer.echo(f"{path}: {len(rows)} replies, {bad} of them show {about.name.replace('_', ' ')}")
