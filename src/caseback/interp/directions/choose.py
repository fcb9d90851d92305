"""Fits a direction and chooses its layer on families that it was not fitted on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.direction import Direction, Provenance
from caseback.interp.directions.belonging import tokenizer_digest
from caseback.interp.directions.examples import Example, Place, check_classes, examples_digest
from caseback.interp.directions.fit import method, unit_and_scale
from caseback.stats.auroc import auroc
from caseback.stats.threshold import set_threshold
from caseback.subject.open_subject import OpenSubject

TARGETS = (0.01, 0.05)
"""Rates of false positives that directions are calibrated for."""


@dataclass(frozen=True, eq=False)
class Split:
    """Examples with their activations ``[examples, places, d]``."""

    examples: Sequence[Example]
    acts: Tensor

    @property
    def labels(self) -> Tensor:
        return torch.tensor([example.label for example in self.examples])

    @property
    def families(self) -> list[str]:
        return [example.family for example in self.examples]


@dataclass(frozen=True)
class Named:
    """What a direction is called, and what it is about."""

    name: str
    about: str
    ground: str


def fit_direction(
    subject: OpenSubject,
    named: Named,
    how: str,
    places: Sequence[Place],
    fit: Split,
    dev: Split,
    seed: int,
) -> Direction:
    """The direction that one method fits, at the place (and with the strength of a penalty) that does best on ``dev``.

    Best is the largest AUROC; among equals, where the means of the classes lie furthest apart in standard deviations.
    ``dev`` holds families that ``fit`` does not; the test families take no part. Thresholds are set on its negatives.

    Raises:
        CasebackError: no examples, one class, no such method, or activations that do not differ.
    """
    check_classes(fit.examples, "fit on")
    check_classes(dev.examples, "choose the layer on")
    labels_N = fit.labels
    found = []
    for k in range(len(places)):
        acts_ND = fit.acts[:, k]
        for what, vector_D in method(how)(acts_ND, labels_N, seed):
            if (scaled := unit_and_scale(vector_D, acts_ND, labels_N)) is None:
                continue
            unit_D, step, zero = scaled
            along_N = (dev.acts[:, k] @ unit_D - zero) / step
            area = auroc(along_N.tolist(), [e.label for e in dev.examples], dev.families).value
            found.append(((area, apart(along_N, dev.labels)), k, what, unit_D, step, zero))
    if not found:
        raise CasebackError(
            f"{named.name}: the two classes have the same activations at {', '.join(str(site) for site, _ in places)}; "
            "no direction separates them. Read another part of the examples, or deeper layers"
        )
    (area, _), best, what, unit_D, step, zero = max(found, key=lambda each: each[0])
    site, reading = places[best]
    positives = int(labels_N.sum())
    provenance = Provenance(
        what,
        named.ground,
        seed,
        positives,
        len(labels_N) - positives,
        tuple(sorted(set(fit.families))),
        examples_digest(fit.examples),
        examples_digest(dev.examples),
        tuple(f"{site} {reading.pool}" for site, reading in places),
        area,
    )
    direction = Direction(
        named.name,
        named.about,
        site,
        unit_D,
        step,
        zero,
        reading,
        provenance,
        subject.digest,
        tokenizer_digest(subject),
    )
    return calibrated(direction, direction.score(dev.acts[:, best]).tolist(), dev.examples)


def calibrated(direction: Direction, scores: Sequence[float], examples: Sequence[Example]) -> Direction:
    """The direction with thresholds set on the negatives among examples that it was not fitted on."""
    rows = [(score, e.family) for score, e in zip(scores, examples, strict=True) if not e.label]
    negatives, families = [score for score, _ in rows], [family for _, family in rows]
    return replace(direction, calibration=tuple(set_threshold(negatives, families, target) for target in TARGETS))


def apart(scores_N: Tensor, labels_N: Tensor) -> float:
    """Distance of the class means in pooled standard deviations."""
    high, low = scores_N[labels_N], scores_N[~labels_N]
    spread = (high.var(correction=0) * len(high) + low.var(correction=0) * len(low)) / len(scores_N)
    return float((high.mean() - low.mean()) / spread.clamp_min(1e-12).sqrt())
