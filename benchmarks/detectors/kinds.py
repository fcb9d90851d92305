"""Detectors of each kind, made on the train families and chosen on the dev families, in long transcripts."""

import random
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from data import Exchange, code_of, folder, long_negatives, long_positives, ordinary, tempted
from scipy.stats import rankdata

from caseback.chat import Message
from caseback.detectors.aggregation import POOLS, aggregated
from caseback.detectors.direction import DirectionDetector
from caseback.detectors.latent import open_dictionary
from caseback.detectors.passage import passage_directions
from caseback.detectors.pattern import PatternDetector
from caseback.detectors.reading import read_activations
from caseback.detectors.together import token_scores_together
from caseback.detectors.transcript import Transcript, transcript_of
from caseback.interp.dictionary.dictionary import Dictionary, encode
from caseback.interp.dictionary.fit import fit
from caseback.interp.dictionary.settings import Settings
from caseback.interp.direction import Reading
from caseback.interp.directions.choose import Named, Split, fit_direction
from caseback.interp.directions.examples import Example, activations
from caseback.interp.directions.fit import METHODS
from caseback.interp.directions.study import default_sites
from caseback.interp.store.world import of_world
from caseback.interp.store.write import capture_store
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site

SITE, WIDTH, STORED = Site("resid_post", 3), 1_024, 150_000
"""Of the dictionary: what it reads, its latents, and the tokens that it is fitted on (ten times each)."""
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


def chosen(subject: OpenSubject, name: str, part: str) -> list[Exchange]:
    """Short transcripts: positives, and as negatives what was tempted and good and what is ordinary."""
    rng = random.Random(f"{name} {part}")
    rows = tempted(name, part)
    bad, good = [each for each in rows if each.label], [each for each in rows if not each.label]
    plain = ordinary(part)
    drawn = [
        *rng.sample(bad, min(POSITIVES, len(bad))),
        *rng.sample(good, min(PLAIN // 2, len(good))),
        *rng.sample(plain, min(PLAIN // 2, len(plain))),
    ]
    return [each for each in drawn if subject.count_tokens(each.reply)]


def split(subject: OpenSubject, name: str, part: str) -> list[Example]:
    return [example(each) for each in chosen(subject, name, part)]


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


def passages(subject: OpenSubject, name: str) -> list[DirectionDetector]:
    """For each layer a direction fitted on the tokens of bad replies among ordinary ones."""
    fit, dev = ([each.short for each in chosen(subject, name, part)] for part in ("train", "dev"))
    around = [each.short for each in ordinary("train")]
    named = Named(f"{name}-passage", name, "replies of both reference models among ordinary ones")
    return passage_directions(subject, named, fit, dev, around, default_sites(subject))


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


def dictionary(subject: OpenSubject) -> Dictionary:
    """A dictionary of the watched model, fitted on the world's train families, kept beside the data."""
    place = folder() / f"dictionary-{WIDTH}-{SITE}-{STORED}-{code_of('interp')}"
    if not (place / "dictionary.json").exists():
        with tempfile.TemporaryDirectory() as store:
            held = capture_store(subject, of_world(subject), [SITE], Path(store), tokens=STORED)
            fit(held, Settings(WIDTH, 24, tokens=10 * STORED), place, reads=[SITE])
    return open_dictionary(place).dictionary


def latent_scores(
    subject: OpenSubject, names: Sequence[str], no: Sequence[Transcript]
) -> dict[str, tuple[int, float, list[float | None], list[float | None], list[float | None]]]:
    """For each behaviour the latent that catches most on dev, what it caught there at 1 %, and its scores.

    Of all latents the 16 of largest AUROC on short train transcripts stand for choice. The scores are of long
    positives of test, of ``no``, and of good answers to the tempting.
    """
    fitted = dictionary(subject)
    clean, dev_clean = _largest(subject, fitted, no), _largest(subject, fitted, long_negatives("dev"))
    found = {}
    for name in names:
        rows = split(subject, name, "train")
        short = [transcript_of({"messages": [*e.chat, {"role": "assistant", "content": e.reply}]}) for e in rows]
        ranks, labels = rankdata(_largest(subject, fitted, short).numpy(), axis=0), np.array([e.label for e in rows])
        # The sum of the positives' ranks orders latents as their AUROC does.
        best = [int(n) for n in np.argsort(-ranks[labels].sum(0))[:16]]
        up = _largest(subject, fitted, long_positives(name, "dev"))
        caught = {
            n: float((up[:, n] > float(dev_clean[:, n].sort(descending=True)[0][5])).float().mean()) for n in best
        }
        number = max(best, key=lambda n: caught[n])
        good = [each.short for each in tempted(name, "test") if not each.label]
        parts = (_largest(subject, fitted, long_positives(name, "test")), clean, _largest(subject, fitted, good))
        found[name] = (number, caught[number], *([float(x) for x in part[:, number]] for part in parts))
    return found


def _largest(subject: OpenSubject, fitted: Dictionary, transcripts: Sequence[Transcript]) -> torch.Tensor:
    """Largest activation of each latent over the reply ``[transcripts, latents]``; -1 where it cannot be read."""
    rows = []
    for start in range(0, len(transcripts), 64):
        for read in read_activations(subject, transcripts[start : start + 64], [SITE], "reply"):
            unread = torch.full((fitted.width,), -1.0)
            rows.append(
                unread if isinstance(read, str) else encode(fitted, read[SITE].flatten(1)).dense().amax(0).float()
            )
    return torch.stack(rows)
