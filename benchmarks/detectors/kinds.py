"""Detectors of each kind, made on the train families and chosen on the dev families, in long transcripts."""

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from data import BEHAVIOURS, Exchange, long_negatives, long_positives, ordinary, tempted

from caseback.chat import Message
from caseback.detectors.aggregation import POOLS, aggregated
from caseback.detectors.direction import DirectionDetector
from caseback.detectors.pattern import PatternDetector
from caseback.detectors.together import token_scores_together
from caseback.interp.direction import Reading
from caseback.interp.directions.choose import Named, Split, fit_direction
from caseback.interp.directions.examples import Example, activations
from caseback.interp.directions.fit import METHODS
from caseback.interp.directions.study import default_sites
from caseback.subject.open_subject import OpenSubject

POSITIVES, PLAIN = 250, 500
"""Positives, and tempted and ordinary negatives together, that a direction is fitted on."""


@dataclass(frozen=True)
class Candidate:
    """A direction by one method with one pool, and what it caught in long dev transcripts at 1 % false positives."""

    method: str
    detector: DirectionDetector
    recall: float
    auroc: float


def example(each: Exchange) -> Example:
    return Example(cast(tuple[Message, ...], each.messages), each.label, each.family, each.reply)


def split(subject: OpenSubject, name: str, part: str) -> list[Example]:
    """Short transcripts: positives, and as negatives what was tempted and good and what is ordinary."""
    rng = random.Random(f"{name} {part}")
    rows = tempted(name, part)
    bad, good = [each for each in rows if each.label], [each for each in rows if not each.label]
    plain = ordinary(part)
    chosen = [
        *rng.sample(bad, min(POSITIVES, len(bad))),
        *rng.sample(good, min(PLAIN // 2, len(good))),
        *rng.sample(plain, min(PLAIN // 2, len(plain))),
    ]
    return [example(each) for each in chosen if subject.count_tokens(each.reply)]


def directions(subject: OpenSubject, name: str) -> list[DirectionDetector]:
    """One direction per method and reading, the layer chosen on short dev transcripts."""
    fit_on, dev_on = split(subject, name, "train"), split(subject, name, "dev")
    readings = (Reading("reply", "last"), Reading("reply", "mean"))
    places = [(site, reading) for reading in readings for site in default_sites(subject)]
    fit, dev = (Split(part, activations(subject, part, places)) for part in (fit_on, dev_on))
    found = []
    for how in METHODS:
        for reading in readings:
            only = [k for k, place in enumerate(places) if place[1] == reading]
            made = fit_direction(
                subject, Named(f"{name}-{how}-{reading.pool}", name, "replies of both reference models"), how,
                [places[k] for k in only],
                Split(fit.examples, fit.acts[:, only]), Split(dev.examples, dev.acts[:, only]), 0,
            )  # fmt: skip
            found.append(DirectionDetector(made.name, name, made, reading))
    return found


def candidates(subject: OpenSubject, name: str, made: Sequence[DirectionDetector], on: str = "dev") -> list[Candidate]:
    """Every direction with every pool, best first, by what it catches in long transcripts of ``on``."""
    yes, no = long_positives(name, on), long_negatives(on)
    read = token_scores_together(made, [*yes, *no], subject)
    told = [(each, at) for at, each in enumerate(read) if not isinstance(each, str)]
    labels = [at < len(yes) for _, at in told]
    families = [([*yes, *no][at].family or f"alone {at}") for _, at in told]
    found = []
    for number, detector in enumerate(made):
        tokens = [each[number] for each, _ in told]
        for pool in POOLS:
            did = aggregated(cast(list[torch.Tensor], tokens), pool, labels, families, 0.01)
            with_pool = DirectionDetector(detector.name, name, detector.direction, Reading("reply", pool))
            found.append(Candidate(detector.direction.provenance.method, with_pool, did.recall.value, did.auroc.value))
    return sorted(found, key=lambda each: (each.recall, each.auroc), reverse=True)


def pattern(name: str, most: int = 40) -> PatternDetector:
    """The phrases of one to three words that stand in most positives of train and in no other reply there."""
    phrases: Counter[str] = Counter()
    rows = tempted(name, "train")
    for each in rows:
        if each.label:
            phrases.update(_phrases(each.reply))
    other = {p for each in [*rows, *ordinary("train")] if not each.label for p in _phrases(each.reply)}
    families = {p: {each.family for each in rows if each.label and p in _phrases(each.reply)} for p in phrases}
    kept = [p for p, n in phrases.most_common(4_000) if p not in other and len(families[p]) > 2][:most]
    if not kept:
        kept = [p for p, _ in phrases.most_common(4_000) if p not in other][:most]
    return PatternDetector(f"{name}-phrases", name, tuple(rf"(?i)\b{re.escape(p)}\b" for p in kept))


def _phrases(text: str) -> set[str]:
    words = re.findall(r"[a-z']+", text.lower())
    return {" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1)}


__all__ = ["BEHAVIOURS", "Candidate", "candidates", "directions", "pattern"]
