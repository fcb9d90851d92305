"""From a direction or a latent made for a model to a direction for its descendant, without labels, and its test."""

from collections.abc import Mapping
from typing import Any

from caseback.detectors.calibrate import calibrate
from caseback.detectors.detector import Detector
from caseback.detectors.direction import DirectionDetector
from caseback.detectors.kinds import with_known
from caseback.detectors.latent import LatentDetector
from caseback.detectors.realign import realign, realign_by_negatives
from caseback.detectors.self_test import make_self_tests, shortest
from caseback.detectors.transcript import transcript_of
from caseback.disclosure.bundle.recipe import read_rows, recipe_from
from caseback.disclosure.importing.local import Local
from caseback.errors import CasebackError
from caseback.stats.auroc import Auroc

GATE = 0.75
"""AUROC that it must reach on the labelled transcripts that it brings, where no recipe sets another."""
KEPT = 2


def descended(
    published: Detector, listed: Mapping[str, Any], files: Mapping[str, bytes], local: Local
) -> tuple[Detector, Auroc]:
    """The detector realigned to the importer's model, and how well it tells its own test set apart there.

    Both models read ordinary traffic of the importer's where the older one is at hand; else the scores are matched to
    those of the negatives that it was calibrated on. A latent becomes the direction that follows it, which takes both.

    Raises:
        CasebackError: it is neither, the older model of a latent is not at hand, there is too little to realign it on,
            or it does not pass its test.
    """
    if not isinstance(published, DirectionDetector | LatentDetector) or local.subject is None:
        raise CasebackError("only a direction or a latent can be realigned to a descendant")
    if "selftest" not in listed:
        raise CasebackError("it brings no labelled transcripts: nothing could show that it still works once realigned")
    parent = local.parents.get(published.fits.model)
    if parent is not None:
        made: Detector = realign(published, parent(), local.subject, local.ordinary).detector
    elif isinstance(published, LatentDetector):
        raise CasebackError("a latent is realigned by what its own model reads: give that too (--parent FOLDER)")
    else:
        made = realign_by_negatives(published, local.subject, local.clean).detector
    rows = [transcript_of(row) for row in read_rows(files[listed["selftest"]], listed["selftest"])]
    yes, no = [each for each in rows if each.label], [each for each in rows if not each.label]
    known = calibrate(made, yes, no, (local.budget,), local.subject)
    gate = recipe_from(files[listed["recipe"]], listed["recipe"]).gate if "recipe" in listed else GATE
    if known.auroc.value < gate:
        raise CasebackError(
            f"realigned, it tells its test set apart with an AUROC of {known.auroc.value:.2f}, and {gate:.2f} is asked"
        )
    tests = make_self_tests(made, [*shortest(yes, KEPT), *shortest(no, KEPT)], local.subject)
    return with_known(made, calibration=known, self_tests=tests), known.auroc
