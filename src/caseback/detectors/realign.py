"""A detector of activations carried over to a descendant of its model, without labels.

Both models read the same unlabelled texts. What the old detector says of each token is known, and so a direction in the
new model's activations can be sought that says the same. What comes out is *uncalibrated*: that it agrees with the old
detector on everyday text does not show that it catches what that one caught.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from caseback.detectors.direction import DirectionDetector
from caseback.detectors.fits import of_another_model
from caseback.detectors.known import Known
from caseback.detectors.latent import LatentDetector
from caseback.detectors.reading import read_activations, tokens_read
from caseback.detectors.realign_maps import WAYS, Carried, Paired, least_squares, matched
from caseback.detectors.scoring import Progress, few_at_once, score_all
from caseback.detectors.transcript import Transcript
from caseback.errors import CasebackError
from caseback.interp.direction import Direction, Provenance, Reading
from caseback.interp.directions.belonging import tokenizer_digest
from caseback.interp.part import Part
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site

FEWEST = 8
"""Texts that both models can read, at least."""


@dataclass(frozen=True)
class Realigned:
    """A detector for the new model, the way that it was come by, and how far each way that was tried agrees with the
    old detector: 1 less the unexplained share of the variance of token scores, on texts that no map was fitted on."""

    detector: DirectionDetector
    way: str
    agreement: Mapping[str, float]


def realign(
    detector: DirectionDetector | LatentDetector,
    old: OpenSubject,
    new: OpenSubject,
    transcripts: Sequence[Transcript],
    ways: Sequence[str] = tuple(WAYS),
    progress: Progress | None = None,
) -> Realigned:
    """The detector for ``new``, by whichever way agrees best with the old one on every fourth text, held out.

    A latent becomes the direction that follows its activation best, by least squares: its dictionary does not read the
    new model.

    Raises:
        CasebackError: ``old`` is not the detector's model, the models cut text into other tokens, fewer than ``FEWEST``
            texts can be read, an unknown way, or the new model has no such site or another width there.
    """
    if wrong := [way for way in ways if way not in WAYS]:
        raise CasebackError(f"no way to realign is called {wrong[0]!r}: there are {', '.join(WAYS)}")
    if why := of_another_model(detector.fits, old):
        raise CasebackError(f"detector {detector.name} cannot be realigned from {old.name}: {why}")
    sites, part = _reads(detector)
    site = sites[0]
    pairs = _pairs(old, new, transcripts, sites, part, progress)
    said = [detector._tokens(before) for before, _ in pairs]
    fit, test = (_joined(pairs, said, site, held) for held in (False, True))
    if isinstance(detector, DirectionDetector):
        maps = {way: WAYS[way](fit, detector.direction) for way in ways}
    else:
        maps = {"least squares": least_squares(fit, None)}
    agreement = {way: _agreement(carried, test) for way, carried in maps.items()}
    way = max(agreement, key=lambda each: agreement[each])
    return Realigned(_made(detector, new, site, maps[way], way), way, agreement)


def realign_by_negatives(
    detector: DirectionDetector, new: OpenSubject, transcripts: Sequence[Transcript], progress: Progress | None = None
) -> Realigned:
    """The detector for ``new`` where the old model is not at hand: the direction stays, and mean and spread of its
    scores of these transcripts become those of the negatives that it was calibrated on.

    Give everyday transcripts, like those negatives. Nothing says how far it agrees with the old one.

    Raises:
        CasebackError: it was not calibrated, or another width, or fewer than ``FEWEST`` transcripts can be read.
    """
    if detector.known.calibration is None:
        raise CasebackError(f"detector {detector.name} was never calibrated: without its model nothing can be matched")
    carried = _made(detector, new, detector.direction.site, Carried.of(detector.direction), "as it is")
    scores = [one.score for one in score_all(carried, transcripts, new, progress) if one.score is not None]
    if len(scores) < FEWEST:
        raise CasebackError(f"{len(scores)} of {len(transcripts)} transcripts can be read: give {FEWEST} at least")
    wanted = torch.tensor(detector.known.calibration.negatives)
    moved = matched(Carried.of(detector.direction), torch.tensor(scores), wanted)
    way = "matching its calibrated negatives"
    return Realigned(_made(detector, new, detector.direction.site, moved, way), way, {})


def _reads(detector: DirectionDetector | LatentDetector) -> tuple[list[Site], Part]:
    if isinstance(detector, DirectionDetector):
        return [detector.direction.site], detector.reading.part
    sites = list(detector.source.dictionary.reads)
    if len(sites) > 1:
        raise CasebackError(f"detector {detector.name} reads {len(sites)} sites: only one of one site can be realigned")
    return sites, detector.reads


def _pairs(
    old: OpenSubject, new: OpenSubject, transcripts: Sequence[Transcript], sites: list[Site], part: Part,
    progress: Progress | None,
) -> list[tuple[Mapping[Site, Tensor], Mapping[Site, Tensor]]]:  # fmt: skip
    """Activations of both models at the same tokens, of each text that both can read."""
    found = []
    for few in few_at_once(transcripts, progress):
        read = (read_activations(each, few, sites, part) for each in (old, new))
        for transcript, before, after in zip(few, *read, strict=True):
            if isinstance(before, str) or isinstance(after, str):
                continue
            if tokens_read(old, transcript, part) != tokens_read(new, transcript, part):
                raise CasebackError(f"{old.name} and {new.name} cut text into other tokens: make the detector again")
            found.append((before, after))
    if len(found) < FEWEST:
        raise CasebackError(
            f"{len(found)} of {len(transcripts)} texts can be read by both models: give {FEWEST} at least, whose "
            f"{part} is not empty"
        )
    return found


def _joined(
    pairs: Sequence[tuple[Mapping[Site, Tensor], Mapping[Site, Tensor]]], said: Sequence[Tensor], site: Site, held: bool
) -> Paired:
    """The tokens of every fourth text, or of all others."""
    chosen = [at for at in range(len(pairs)) if (at % 4 == 3) == held]
    old_TD, new_TD = (torch.cat([pairs[at][k][site].flatten(1).float().cpu() for at in chosen]) for k in (0, 1))
    return Paired(old_TD, new_TD, torch.cat([said[at].float().cpu() for at in chosen]))


def _agreement(carried: Carried, test: Paired) -> float:
    """Share of the old scores' variance that the new ones explain; 0 where the old ones do not vary."""
    wanted_T = test.scores_T.double()
    spread = float(wanted_T.var(correction=0))
    missed = float((carried.scores(test.new_TD).double() - wanted_T).square().mean())
    return 1 - missed / spread if spread > 0 else 0.0


def _made(
    detector: DirectionDetector | LatentDetector, new: OpenSubject, site: Site, carried: Carried, way: str
) -> DirectionDetector:
    """The detector for the new model, with nothing known of it but where it comes from."""
    if isinstance(detector, DirectionDetector):
        first, reading = detector.direction, detector.reading
        notes, about, name = first.notes, first.about, first.name
        provenance = replace(
            first.provenance, method=f"{first.provenance.method}, realigned by {way}",
            from_model=first.provenance.from_model or first.model,
        )  # fmt: skip
    else:
        reading, notes, about, name = Reading(detector.reads, "max"), {}, detector.behaviour, detector.name
        ground = f"latent {detector.number} of dictionary {detector.source.digest[:19]}…"
        method = f"realigned by {way}"
        provenance = Provenance(method, ground, 0, 0, 0, (), "", "", (str(site),), 0.0, detector.fits.model)
    direction = Direction(
        name, about, site, carried.vector_D, carried.step, carried.zero, reading, provenance, new.digest,
        tokenizer_digest(new), (), notes,
    )  # fmt: skip
    told = f"realigned from {detector.fits.model[:19]}… by {way}, without labels"
    known = Known(clauses=detector.known.clauses, failures=(*detector.known.failures, told))
    return DirectionDetector(detector.name, detector.behaviour, direction, reading, known)
