"""``caseback detect pattern``, ``direction`` and ``latent``: make a detector."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from caseback.chat import Role
from caseback.detectors.transcript import Field
from caseback.errors import CasebackError
from caseback.interp.part import Part, Pool

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.detectors.detector import Detector

Out = Annotated[Path, typer.Argument(help="Folder for the detector.")]
Behaviour = Annotated[str, typer.Option(help="What it looks for, such as sycophancy or a name of your own.")]
Name = Annotated[str, typer.Option(help="What it is called.", show_default="as its folder")]
Clause = Annotated[list[str] | None, typer.Option(help="Id of a clause that the behaviour breaks; repeat it.")]
Failure = Annotated[list[str] | None, typer.Option(help="What it is known to miss or mistake, as text; repeat it.")]
Json = Annotated[bool, typer.Option("--json", help="Print the id and folder as JSON.")]


def pattern(
    out: Out,
    behaviour: Behaviour,
    match: Annotated[list[str], typer.Option(help="RE2 pattern, such as (?i)great question; repeat it.")],
    reads: Annotated[
        list[str] | None, typer.Option(help="prompt, turn or reply; repeat it.", show_default="reply")
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(
            help="content, reasoning_content or arguments (of tool calls); repeat it.", show_default="content"
        ),
    ] = None,
    role: Annotated[
        list[str] | None, typer.Option(help="Read messages of this role only; repeat it.", show_default="all")
    ] = None,
    name: Name = "",
    clause: Clause = None,
    failure: Failure = None,
    as_json: Json = False,
) -> None:
    """Make a detector of patterns: 1 where any is found, else 0.

    Patterns are in RE2's dialect, which takes no backreferences and no look-around, so none of them can hang.

    Example: caseback detect pattern praise --behaviour sycophancy --match "(?i)what a great question" --reads reply
    """
    from caseback.detectors.pattern import PatternDetector

    parts, fields = _each(reads or ["reply"], get_args(Part)), _each(field or ["content"], get_args(Field))
    made = PatternDetector(name or out.name, behaviour, tuple(match), parts, fields, _each(role or [], get_args(Role)))
    saved(made, out, clause, failure, as_json)


def direction(
    folder: Annotated[Path, typer.Argument(help="Folder of a direction, from `caseback look direction`.")],
    out: Out,
    pool: Annotated[Pool | None, typer.Option(help="How token scores become one.", show_default="as fitted")] = None,
    positives: Annotated[
        Path | None, typer.Option(help="JSON Lines: transcripts that show it, to choose the pool on instead.")
    ] = None,
    negatives: Annotated[
        Path | None, typer.Option(help="JSON Lines: those that do not, as long as in real use.")
    ] = None,
    model: Annotated[str, typer.Option(help="The direction's model, to choose the pool with.")] = "",
    reads: Annotated[Part | None, typer.Option(help="Which part of the transcript.", show_default="as fitted")] = None,
    behaviour: Annotated[str, typer.Option(help="What it looks for.", show_default="what the direction bears on")] = "",
    name: Name = "",
    clause: Clause = None,
    failure: Failure = None,
    as_json: Json = False,
) -> None:
    """Make a detector of a direction in activations.

    A direction is fitted on short texts; the pool that does best there may drown in long ones, or cry wolf. With
    --positives, --negatives and --model the pool is the one that catches most of the positives at 1% false positives.
    They must be neither those that the direction was fitted on nor those that the detector is calibrated on.
    rolling is the largest mean of 16 tokens in a row.

    Examples:

      caseback detect direction directions/harm harm-detector --pool rolling

      caseback detect direction directions/harm harm-detector --model ref-aligned --positives long-bad.jsonl
      --negatives long.jsonl
    """
    from caseback.detectors.direction import DirectionDetector
    from caseback.interp.direction import Reading
    from caseback.interp.directions.files import read_direction

    read = read_direction(folder)
    reading = Reading(reads or read.reading.part, pool or read.reading.pool)
    made = DirectionDetector(name or out.name, behaviour or read.about, read, reading)
    if positives or negatives or model:
        if not (positives and negatives and model) or pool:
            raise CasebackError("choosing the pool takes --positives, --negatives and --model, and no --pool")
        made = _with_pool(made, positives, negatives, model, as_json)
    saved(made, out, clause, failure, as_json)


def latent(
    folder: Annotated[Path, typer.Argument(help="Folder of a dictionary, from `caseback look fit`.")],
    number: Annotated[int, typer.Argument(min=0, metavar="N", help="Number of the latent.")],
    out: Out,
    behaviour: Behaviour,
    reads: Annotated[Part, typer.Option(help="Which part of the transcript.")] = "reply",
    name: Name = "",
    clause: Clause = None,
    failure: Failure = None,
    as_json: Json = False,
) -> None:
    """Make a detector of one latent of a dictionary: its largest activation over the tokens that are read.

    Where the dictionary has a threshold per latent, the latent goes into the detector, which then goes anywhere. With
    TopK, or a router, the detector says where the dictionary lies: keep the two together.

    Example: caseback detect latent dictionaries/mine 1207 flattery --behaviour sycophancy
    """
    from caseback.detectors.alone import alone
    from caseback.detectors.latent import LatentDetector, open_dictionary
    from caseback.interp.dictionary.narrow import dependence

    source = open_dictionary(folder)
    made = LatentDetector(name or out.name, behaviour, source, number, reads)
    saved(made if dependence(source.dictionary) else alone(made), out, clause, failure, as_json)


def _with_pool(made: Any, positives: Path, negatives: Path, model: str, quiet: bool) -> Any:
    """The detector with the pool that catches most, and what each of them caught."""
    from caseback.cli.models import load_named
    from caseback.detectors.aggregation import choose_pool
    from caseback.detectors.transcript_file import read_transcripts

    chosen = choose_pool(made, read_transcripts(positives), read_transcripts(negatives), load_named(model))
    for pool, did in chosen.tried.items() if not quiet else ():
        taken = "  taken" if pool == chosen.detector.reading.pool else ""
        typer.echo(f"{pool:8} catches {did.recall} at {did.target:.0%} false positives, AUROC {did.auroc}{taken}")
    return chosen.detector


def _each(given: list[str], known: tuple[str, ...]) -> Any:
    """What was given, each one of those that are known: lists of literals are beyond typer."""
    if wrong := [each for each in given if each not in known]:
        raise CasebackError(f"{wrong[0]!r} is not one of {', '.join(known)}")
    return tuple(given)


def saved(
    detector: "Detector", out: Path, clauses: list[str] | None, failures: list[str] | None, as_json: bool
) -> None:
    """Write a new detector, and say where it is."""
    import json

    from caseback.detectors.files import save_detector
    from caseback.detectors.kinds import with_known

    made = with_known(detector, clauses=tuple(clauses or ()), failures=tuple(failures or ()))
    found = save_detector(made, out)
    if as_json:
        typer.echo(json.dumps({"id": found, "folder": str(out)}))
        return
    typer.echo(
        f"detector  {out}, id {found[:12]}…, uncalibrated: `caseback detect calibrate {out}` sets its thresholds"
    )
