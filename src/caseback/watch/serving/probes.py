"""What the detectors at work need read in a forward pass: directions and latents, each one number a token."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from caseback.detectors.cascade import CascadeDetector
from caseback.detectors.detector import Detector
from caseback.detectors.direction import DirectionDetector
from caseback.detectors.ensemble import EnsembleDetector
from caseback.detectors.fits import of_another_model
from caseback.detectors.latent import LatentDetector
from caseback.errors import CasebackError
from caseback.interp.part import Part, Pool
from caseback.subject.layers import Decoder, find_decoder
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site, find_place

Probe = DirectionDetector | LatentDetector


def probes_in(detector: Detector) -> Iterator[Probe]:
    """The directions and latents that a detector is made of, itself among them."""
    if isinstance(detector, (DirectionDetector, LatentDetector)):
        yield detector
    elif isinstance(detector, EnsembleDetector):
        for member in detector.members:
            yield from probes_in(member)
    elif isinstance(detector, CascadeDetector):
        for member in (detector.cheap, detector.dear):
            yield from probes_in(member)


def part_of(probe: Probe) -> Part:
    """Which tokens it reads."""
    return probe.reading.part if isinstance(probe, DirectionDetector) else probe.reads


def pool_of(probe: Probe) -> Pool:
    """How its token scores become one."""
    return probe.reading.pool if isinstance(probe, DirectionDetector) else "max"


def sites_of(probe: Probe) -> tuple[Site, ...]:
    """Where it reads."""
    return (probe.direction.site,) if isinstance(probe, DirectionDetector) else probe.source.dictionary.reads


def width_of(probe: Probe) -> int:
    """Width of the activations that it takes, all its sites together."""
    if isinstance(probe, DirectionDetector):
        return len(probe.direction.vector)
    return probe.source.dictionary.d_in


@dataclass(frozen=True)
class Sorted:
    """Probes that can be read in this model, and why the others cannot, by their number among those given."""

    able: tuple[int, ...]
    unable: dict[int, str]


def sort_out(probes: Sequence[Probe], subject: OpenSubject) -> Sorted:
    """Which probes belong to the subject and have their sites in it."""
    decoder = find_decoder(subject.model)
    found = {at: _why_not(probe, subject, decoder) for at, probe in enumerate(probes)}
    return Sorted(tuple(at for at, why in found.items() if not why), {at: why for at, why in found.items() if why})


def _why_not(probe: Probe, subject: OpenSubject, decoder: Decoder) -> str:
    if why := of_another_model(probe.fits, subject):
        return why
    try:
        shapes = [find_place(decoder, site).shape for site in sites_of(probe)]
    except CasebackError as error:
        return str(error)
    width = sum(math.prod(shape) for shape in shapes)
    if width != width_of(probe):
        return f"it reads activations of width {width_of(probe)}, and those of {subject.name} have {width} there"
    return ""
