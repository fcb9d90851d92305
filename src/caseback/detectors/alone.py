"""A detector that carries all it reads, so that it can go elsewhere."""

from dataclasses import replace

from caseback.detectors.cascade import CascadeDetector
from caseback.detectors.detector import Detector
from caseback.detectors.ensemble import EnsembleDetector
from caseback.detectors.latent import LatentDetector, OpenDictionary
from caseback.detectors.own_latent import own_latent
from caseback.errors import CasebackError


def alone(detector: Detector) -> Detector:
    """The detector with each latent in it by itself, in place of the dictionary. Its scores and what is known stay.

    Raises:
        CasebackError: whether a latent is active depends on the dictionary's others.
    """
    if isinstance(detector, LatentDetector) and isinstance(detector.source, OpenDictionary):
        source = detector.source
        try:
            return replace(detector, source=own_latent(source.digest, source.dictionary, detector.latent), latent=0)
        except CasebackError as error:
            raise CasebackError(f"detector {detector.name} needs the whole of its dictionary: {error}") from None
    if isinstance(detector, CascadeDetector):
        return replace(detector, cheap=alone(detector.cheap), dear=alone(detector.dear))
    if isinstance(detector, EnsembleDetector):
        return replace(detector, members=tuple(map(alone, detector.members)))
    return detector
