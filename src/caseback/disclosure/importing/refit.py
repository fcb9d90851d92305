"""From a recipe to a detector for another model: the direction is fitted, chosen and tested on that model alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from caseback.chat import Message
from caseback.detectors.calibrate import calibrate
from caseback.detectors.detector import Detector
from caseback.detectors.direction import DirectionDetector
from caseback.detectors.furthest import furthest
from caseback.detectors.kinds import with_known
from caseback.detectors.self_test import make_self_tests, shortest
from caseback.detectors.transcript import Transcript, transcript_of
from caseback.disclosure.bundle.recipe import FIT_POOLS, METHODS, POOLS, SETS, FitPool, Recipe, read_rows
from caseback.disclosure.importing.own_replies import with_own_replies
from caseback.errors import CasebackError
from caseback.interp.direction import Reading
from caseback.interp.directions.choose import Named, Split, fit_direction
from caseback.interp.directions.examples import Example, activations
from caseback.interp.directions.study import default_sites
from caseback.interp.part import Pool
from caseback.stats.auroc import Auroc
from caseback.subject.open_subject import OpenSubject

KEPT, READ = 2, 400
"""Transcripts of each class that become self-tests; ordinary ones that the choice rests on at most."""


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
    own_replies: int = 0,
) -> Refitted:
    """Fit a recipe's direction on a model.

    Of the sites, and of what the recipe leaves open, that is taken by which the positives of its dev set lie furthest
    above ``ordinary`` transcripts, or above the recipe's own negatives where there are none: what sets a behaviour
    apart from traffic here is for the importer to say. It is calibrated on the recipe's test set. A threshold for
    traffic here is to be set on other transcripts than those that it was chosen by.

    With ``own_replies`` the model answers that many prompts of either class itself, and the direction is fitted a
    second time on these too, and on half of ``ordinary`` as negatives; the choice is by the other half.

    Raises:
        CasebackError: a transcript that the model cannot read, or the result does not pass the recipe's gate.
    """
    sets = {name: _rows(files, getattr(recipe, name)) for name in SETS}
    yes, no = _classes(sets["test"])
    clean = ordinary[:: -(-len(ordinary) // READ)] if ordinary else [*no, *_classes(sets["dev"])[1]]
    made = _chosen(recipe, sets, clean, subject)
    if own_replies and recipe.part == "reply":
        more = with_own_replies(sets, made, own_replies, subject)
        more["fit"] += [replace(each, label=False) for each in (clean[1::2] if ordinary else ())]
        made = _chosen(recipe, more, clean[::2] if ordinary else clean, subject)
    tested = calibrate(made, yes, no, targets, subject)
    if tested.auroc.value < recipe.gate:
        raise CasebackError(
            "refitted on this model it tells the recipe's test set apart with an AUROC of "
            f"{tested.auroc.value:.2f}, and "
            f"{recipe.gate:.2f} is the recipe's gate"
        )
    tests = make_self_tests(made, [*shortest(yes, KEPT), *shortest(no, KEPT)], subject)
    return Refitted(with_known(made, calibration=tested, self_tests=tests), tested.auroc)


def _chosen(
    recipe: Recipe, sets: Mapping[str, Sequence[Transcript]], clean: Sequence[Transcript], subject: OpenSubject
) -> DirectionDetector:
    """Of the directions and pools left open that by which the positives of dev lie furthest above ``clean``."""
    pools: Sequence[Pool] = POOLS if recipe.pool == "any" else (recipe.pool,)
    return furthest(_directions(recipe, sets, subject), pools, _classes(sets["dev"])[0], clean, subject)


def _directions(
    recipe: Recipe, sets: Mapping[str, Sequence[Transcript]], subject: OpenSubject
) -> list[DirectionDetector]:
    """One for each method, reading and site that the recipe leaves open, where it tells the classes apart at all."""
    fit_pools: Sequence[FitPool] = FIT_POOLS if recipe.fit_pool == "any" else (recipe.fit_pool,)
    places = [(site, Reading(recipe.part, pool)) for pool in fit_pools for site in default_sites(subject)]
    splits = []
    for name in ("fit", "dev"):
        examples = [example_of(row) for row in sets[name]]
        splits.append(Split(examples, activations(subject, examples, places)))
    named = Named(recipe.name, recipe.behaviour, f"a recipe for {recipe.name}")
    found, why = [], ""
    for how in METHODS if recipe.method == "any" else (recipe.method,):
        for k, place in enumerate(places):
            fit, dev = (replace(split, acts=split.acts[:, [k]]) for split in splits)
            try:
                direction = fit_direction(subject, named, how, [place], fit, dev, recipe.seed)
            except CasebackError as error:
                why = str(error)
                continue
            found.append(DirectionDetector(recipe.name, recipe.behaviour, direction, place[1]))
    if not found:
        raise CasebackError(why)
    return found


def example_of(transcript: Transcript) -> Example:
    """A labelled transcript as what directions are fitted on.

    Raises:
        CasebackError: it has a reply and no prompt before it.
    """
    reply = transcript.reply
    chat = transcript.messages[:-1] if reply is not None else transcript.messages
    if not chat:
        raise CasebackError("a transcript of a contrast set has a reply and no prompt before it")
    said = str(reply["content"]) if reply is not None else ""
    return Example(cast(tuple[Message, ...], tuple(chat)), bool(transcript.label), transcript.family, said)


def _rows(files: Mapping[str, bytes], name: str) -> list[Transcript]:
    return [transcript_of(row) for row in read_rows(files[name], name)]


def _classes(rows: Sequence[Transcript]) -> tuple[list[Transcript], list[Transcript]]:
    return [each for each in rows if each.label], [each for each in rows if not each.label]
