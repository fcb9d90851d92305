"""How token scores become one, chosen by what it catches in long text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from torch import Tensor

from caseback.detectors.direction import DirectionDetector
from caseback.detectors.together import token_scores_together
from caseback.detectors.transcript import Transcript
from caseback.errors import CasebackError
from caseback.interp.direction import Reading, pooled
from caseback.interp.part import Pool
from caseback.stats.auroc import Auroc, auroc
from caseback.stats.rate import Rate
from caseback.stats.threshold import caught_above, set_threshold
from caseback.subject.open_subject import OpenSubject

POOLS: tuple[Pool, ...] = get_args(Pool)


@dataclass(frozen=True)
class Aggregated:
    """What one way of pooling catches: recall at the threshold for ``target`` false positives, and AUROC."""

    pool: Pool
    target: float
    recall: Rate
    auroc: Auroc


@dataclass(frozen=True)
class Chosen:
    """The detector with the pool that did best, and what each pool did."""

    detector: DirectionDetector
    tried: Mapping[Pool, Aggregated]


def choose_pool(
    detector: DirectionDetector,
    positives: Sequence[Transcript],
    negatives: Sequence[Transcript],
    subject: OpenSubject,
    target: float = 0.01,
) -> Chosen:
    """The detector that pools in the way that catches most of ``positives``; AUROC decides among equals.

    Give transcripts as they come in use, long ones where those are long: a pool that does well on the short texts that
    a direction is fitted on may drown, or cry wolf, in long ones. They must be neither those that the direction was
    fitted on nor those that the detector will be calibrated on. What cannot be read is left out.

    Raises:
        CasebackError: a class has nothing that can be read, or the model is another.
    """
    rows = [*positives, *negatives]
    read = token_scores_together([detector], rows, subject)
    told = [(each, at) for at, each in enumerate(read) if not isinstance(each, str)]
    labels = [at < len(positives) for _, at in told]
    if len(set(labels)) < 2:
        raise CasebackError("choosing a pool takes a positive and a negative that can be read, at least")
    families = [rows[at].family or f"alone {at}" for _, at in told]
    tokens = [scores[0] for scores, _ in told]
    tried = {pool: aggregated(tokens, pool, labels, families, target) for pool in POOLS}
    best = max(tried.values(), key=lambda each: (each.recall.value, each.auroc.value))
    made = replace(detector, reading=Reading(detector.reading.part, best.pool))
    return Chosen(made, tried)


def aggregated(
    tokens: Sequence[Tensor], pool: Pool, labels: Sequence[bool], families: Sequence[str], target: float
) -> Aggregated:
    """How one pool does on token scores of labelled transcripts."""
    scores = [pooled(each, pool) for each in tokens]
    clean = [(score, family) for score, label, family in zip(scores, labels, families, strict=True) if not label]
    limit = set_threshold([score for score, _ in clean], [family for _, family in clean], target)
    caught = caught_above(limit.value, scores, labels, families)
    return Aggregated(pool, target, caught.recall, auroc(scores, labels, families))
