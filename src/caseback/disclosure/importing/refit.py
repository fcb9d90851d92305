"""From a recipe to a detector for another model: the direction is fitted, chosen and tested on that model alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from caseback.chat import Message
from caseback.detectors.calibrate import calibrate
from caseback.detectors.detector import Detector
from caseback.detectors.direction import DirectionDetector
from caseback.detectors.kinds import with_known
from caseback.detectors.self_test import make_self_tests
from caseback.detectors.transcript import Transcript, transcript_of
from caseback.disclosure.bundle.recipe import SETS, Recipe, read_rows
from caseback.errors import CasebackError
from caseback.interp.direction import Reading
from caseback.interp.directions.choose import Named, Split, fit_direction
from caseback.interp.directions.examples import Example, activations
from caseback.interp.directions.study import default_sites
from caseback.stats.auroc import Auroc
from caseback.subject.open_subject import OpenSubject

KEPT = 2
"""Transcripts of each class that become self-tests."""


@dataclass(frozen=True)
class Refitted:
    """A detector made from a recipe, and how well it tells the recipe's test set apart on this model."""

    detector: Detector
    auroc: Auroc


def refit(
    recipe: Recipe,
    files: Mapping[str, bytes],
    subject: OpenSubject,
    ordinary: Sequence[Transcript] = (),
    targets: Sequence[float] = (0.01,),
) -> Refitted:
    """Fit a recipe's direction on a model.

    Thresholds are set on ``ordinary`` transcripts where there are any, which is what false alarms are made of, and on
    the recipe's own negatives else.

    Raises:
        CasebackError: a transcript that the model cannot read, or the result does not pass the recipe's gate.
    """
    sets = {name: read_rows(files[getattr(recipe, name)], getattr(recipe, name)) for name in SETS}
    places = [(site, Reading(recipe.part, recipe.fit_pool)) for site in default_sites(subject)]

    def split(name: str) -> Split:
        examples = [example_of(row) for row in sets[name]]
        return Split(examples, activations(subject, examples, places))

    named = Named(recipe.name, recipe.behaviour, f"a recipe for {recipe.name}")
    direction = fit_direction(subject, named, recipe.method, places, split("fit"), split("dev"), recipe.seed)
    made: Detector = DirectionDetector(recipe.name, recipe.behaviour, direction, Reading(recipe.part, recipe.pool))
    yes, no = _classes(sets["test"])
    tested = calibrate(made, yes, no, targets, subject)
    if tested.auroc.value < recipe.gate:
        raise CasebackError(
            "refitted on this model it tells the recipe's test set apart with an AUROC of "
            f"{tested.auroc.value:.2f}, and "
            f"{recipe.gate:.2f} is the recipe's gate"
        )
    clean = list(ordinary) or [*no, *_classes(sets["dev"])[1]]
    known = calibrate(made, yes, clean, targets, subject)
    kept = [each for part in (yes, no) for each in sorted(part, key=lambda one: len(str(one.messages)))[:KEPT]]
    tests = make_self_tests(made, kept, subject)
    return Refitted(with_known(made, calibration=known, self_tests=tests), tested.auroc)


def example_of(row: Mapping[str, Any]) -> Example:
    """A row of a contrast set as what directions are fitted on."""
    transcript = transcript_of(row)
    reply = transcript.reply
    chat = transcript.messages[:-1] if reply is not None else transcript.messages
    if not chat:
        raise CasebackError("a transcript of a contrast set has a reply and no prompt before it")
    said = str(reply["content"]) if reply is not None else ""
    return Example(cast(tuple[Message, ...], tuple(chat)), bool(row["label"]), str(row["family"]), said)


def _classes(rows: Sequence[Mapping[str, Any]]) -> tuple[list[Transcript], list[Transcript]]:
    made = [transcript_of(row) for row in rows]
    return [each for each in made if each.label], [each for each in made if not each.label]
