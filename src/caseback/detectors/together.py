"""Token scores of many directions from one forward pass."""

from collections.abc import Sequence

from torch import Tensor

from caseback.detectors.direction import DirectionDetector
from caseback.detectors.fits import NO_MODEL, of_another_model
from caseback.detectors.reading import read_activations
from caseback.detectors.scoring import Progress, few_at_once
from caseback.detectors.transcript import Transcript
from caseback.errors import CasebackError
from caseback.subject.open_subject import OpenSubject


def token_scores_together(
    detectors: Sequence[DirectionDetector],
    transcripts: Sequence[Transcript],
    subject: OpenSubject,
    progress: Progress | None = None,
) -> list[list[Tensor] | str]:
    """For each transcript the token scores ``[tokens]`` of each detector, before any pooling, or why there are none.

    Raises:
        CasebackError: none given, they read different parts, one is of another model, or the model has no such site.
    """
    if not detectors:
        raise CasebackError("no detectors to score with together: give one at least")
    if len(parts := {each.reading.part for each in detectors}) > 1:
        raise CasebackError(f"detectors that read {' and '.join(sorted(parts))} cannot be scored in one pass")
    for each in detectors:
        if why := of_another_model(each.fits, subject) or (NO_MODEL if not each.fits.model else ""):
            raise CasebackError(f"detector {each.name}: {why}")
    sites = list(dict.fromkeys(each.direction.site for each in detectors))
    [part] = parts
    found: list[list[Tensor] | str] = []
    for few in few_at_once(transcripts, progress):
        for read in read_activations(subject, few, sites, part):
            found.append(read if isinstance(read, str) else [
                each.direction.score(read[each.direction.site].flatten(1)).cpu() for each in detectors
            ])  # fmt: skip
    return found
