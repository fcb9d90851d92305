"""``caseback detect realign``: a detector for a descendant of its model."""

import json
from pathlib import Path
from typing import Annotated

import typer

from caseback.cli.bar import bar
from caseback.cli.models import load_named
from caseback.errors import CasebackError


def realign(
    detector: Annotated[Path, typer.Argument(help="Folder of a detector of a direction or of a latent.")],
    out: Annotated[Path, typer.Argument(help="Folder for the new one.")],
    new: Annotated[str, typer.Option(help="The model that it shall read: a folder, hub id or reference model.")],
    texts: Annotated[Path, typer.Option(help="JSON Lines: everyday transcripts, without labels; some hundreds.")],
    old: Annotated[
        str, typer.Option(help="The model that it was made for.", show_default="its calibrated negatives stand in")
    ] = "",
    adapter: Annotated[Path | None, typer.Option(help="Folder of a PEFT adapter on the new model.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Carry a detector over to a model that was trained on, adapted or quantised from its own, without labels.

    With --old, both models read the texts, and the way is taken that gives most nearly the old scores on every fourth
    text, which it was not fitted on: the direction as it is, its scores shifted, a rotation, matched covariances, or
    least squares. Without it, the scores are shifted onto those of the negatives that it was calibrated on.

    The new detector is uncalibrated until `caseback detect calibrate` has set its thresholds: agreement on everyday
    texts does not show that it still catches what it was made for.

    Example: caseback detect realign harm-detector harm-tuned --old ref-aligned --new ./tuned --texts everyday.jsonl
    """
    from caseback.detectors.direction import DirectionDetector
    from caseback.detectors.files import core_id, load_detector, save_detector
    from caseback.detectors.latent import LatentDetector
    from caseback.detectors.realign import realign as realigned
    from caseback.detectors.realign import realign_by_negatives
    from caseback.detectors.transcript_file import read_transcripts

    made, rows = load_detector(detector), read_transcripts(texts)
    if not isinstance(made, DirectionDetector | LatentDetector):
        raise CasebackError(f"{detector} is no detector of a direction or a latent: realign those that it is made of")
    if not old and isinstance(made, LatentDetector):
        raise CasebackError(f"{detector} is a detector of a latent, which takes the old model to realign: give --old")
    subject = load_named(new, adapter=str(adapter) if adapter else None)
    with bar("reading") as tick:
        if old:
            found = realigned(made, load_named(old), subject, rows, progress=tick)
        else:
            assert isinstance(made, DirectionDetector)
            found = realign_by_negatives(made, subject, rows, tick)
    name = save_detector(found.detector, out)
    if as_json:
        data = {"id": name, "core": core_id(found.detector), "folder": str(out), "way": found.way}
        typer.echo(json.dumps({**data, "agreement": dict(found.agreement)}, indent=1, allow_nan=False))
        return
    for way, agreement in sorted(found.agreement.items(), key=lambda each: -each[1]):
        typer.echo(f"{way:14} explains {agreement:7.1%} of the old scores{'  taken' if way == found.way else ''}")
    if not found.agreement:
        typer.echo(f"{found.way}; how far it agrees with the old one cannot be told without that model")
    typer.echo(f"detector  {out}, id {name[:12]}…, uncalibrated: `caseback detect calibrate {out}` sets its thresholds")
