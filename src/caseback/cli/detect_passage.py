"""``caseback detect passage``: a detector that finds a short bad passage in a long reply."""

from pathlib import Path
from typing import Annotated

import typer

from caseback.cli.detect_make import Behaviour, Clause, Failure, Json, Name, Out, saved
from caseback.errors import CasebackError


def passage(
    examples: Annotated[
        Path, typer.Argument(help="JSON Lines: short labelled transcripts, each with the name of its family.")
    ],
    out: Out,
    behaviour: Behaviour,
    ordinary: Annotated[
        Path, typer.Option(help="JSON Lines: ordinary transcripts, a request and a reply each, to set them among.")
    ],
    model: Annotated[str, typer.Option(help="The model that is read: a folder, a hub id or a reference model's name.")],
    seed: Annotated[int, typer.Option(help="Decides what stands among what.")] = 0,
    name: Name = "",
    clause: Clause = None,
    failure: Failure = None,
    as_json: Json = False,
) -> None:
    """Make a detector of a direction that finds a short bad passage in a long reply.

    A direction that was fitted on whole short replies drowns in long ones. This one is fitted on single tokens, those
    of bad replies against those of ordinary talk around them. Every second family is fitted on; on the others layer,
    penalty and pool are chosen. Calibrate it on long transcripts of further families.

    Example: caseback detect passage judged.jsonl harm-passage --behaviour harmful_compliance --ordinary today.jsonl
    --model ref-aligned
    """
    from caseback.cli.models import load_named
    from caseback.detectors.passage import furthest_in_talk, passage_directions
    from caseback.detectors.transcript_file import read_transcripts
    from caseback.interp.directions.choose import Named
    from caseback.interp.directions.study import default_sites

    rows, around = read_transcripts(examples), read_transcripts(ordinary)
    if bare := next((at for at, each in enumerate(rows, 1) if each.label is None), 0):
        raise CasebackError(f"{examples}: transcript {bare} has no label: say whether the behaviour is in it")
    if bad := next((at for at, each in enumerate(around, 1) if each.label), 0):
        raise CasebackError(
            f"{ordinary}: transcript {bad} is labelled true, and nothing ordinary shows it: take it out"
        )
    families = sorted({each.family for each in rows})
    if len(families) < 2:
        raise CasebackError(f"{examples} has one family only ({families[0]!r:.60}): name the family of each transcript")
    fitted = set(families[::2])
    fit, dev = [each for each in rows if each.family in fitted], [each for each in rows if each.family not in fitted]
    subject = load_named(model)
    named = Named(name or out.name, behaviour, examples.name)
    made = passage_directions(subject, named, fit, dev, around, default_sites(subject), seed=seed)
    saved(furthest_in_talk(made, dev, around, subject, seed), out, clause, failure, as_json)
