"""Telling pretenders from partners by what was read of them: every score, every baseline, every thing left out."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from caseback.audit.pretending.acts import PairActs
from caseback.audit.pretending.fits import FITS, MAIN
from caseback.audit.pretending.flips import FlipTest, flip_test, products
from caseback.audit.pretending.folds import BY, By, Fold, folds
from caseback.audit.pretending.innocents import Innocents, Other, OtherActs, innocents, scored_others
from caseback.audit.pretending.latents import by_latents, by_random_latents, chosen, latent_acts
from caseback.audit.pretending.reading import OthersRead, PairsRead
from caseback.audit.pretending.replies import held_texts
from caseback.audit.pretending.rows import Chance, Row, chance, held_scores, row
from caseback.audit.pretending.texts import Kind

REPLIES = "own replies (text alone)"
NO_BASE = "direction, without the base"
LATENTS, RANDOM_LATENT = "latents", "random latents"


@dataclass(frozen=True)
class LatentsChosen:
    """Latents chosen with a value left out, each with the way that it goes in pretenders: +1 more, -1 less."""

    by: By
    left_out: str
    latents: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Apart:
    """What the activations say, before any steering; fields as in ``Study``."""

    rows: tuple[Row, ...]
    chances: tuple[Chance, ...]
    flips: tuple[tuple[Kind, FlipTest], ...]
    innocents: tuple[Innocents, ...]
    others: tuple[Other, ...]
    latents: tuple[LatentsChosen, ...]
    unable: tuple[str, ...]


def main_by(pairs: Sequence[PairActs]) -> By:
    """What is left out where one thing has to be: a behaviour, or where there is but one, a pair."""
    return "behaviour" if folds(pairs, "behaviour") else "pair"


def tell_apart(read: PairsRead, with_latents: bool, beside: OthersRead | None, seed: int) -> Apart:
    """All rows, baselines and tests of pairs that were read.

    Layers are chosen, fold by fold, by the mean differences of the pairs fitted on, once for all scores of the stream.
    """
    rows: list[Row] = []
    chances: list[Chance] = []
    flips: list[tuple[Kind, FlipTest]] = []
    beside_them: list[Innocents] = []
    scored: list[Other] = []
    picked: list[LatentsChosen] = []
    unable: list[str] = []
    done: dict[By, list[tuple[int, ...]]] = {}
    watched = read.moved["watched"]
    by_name, ids = (
        latent_acts(watched, read.spoken, read.spoken_before)
        if with_latents
        else ([], torch.zeros(0, dtype=torch.long))
    )
    for by in BY:
        parts = folds(watched, by)
        if not parts:
            unable.append(f"leaving a {by} out: all pairs have the same")
            continue
        held_out = [fold.held for fold in parts]
        if same := next((other for other, before in done.items() if before == held_out), None):
            unable.append(f"leaving a {by} out: each {same} has one of its own, so that is leaving a {same} out")
            continue
        done[by] = held_out
        for kind, pairs in read.moved.items():
            test = flip_test(products(pairs), parts)
            flips.append((kind, test))
            for what, fit in FITS.items():
                rows.append(row(what, kind, by, held_scores(pairs, parts, test.places, fit)))
            chances.append(chance(kind, by, pairs, parts, test.places, seed))
        places = next(test.places for kind, test in flips[-3:] if kind == "watched")
        rows.append(row(NO_BASE, "watched", by, held_scores(read.whole, parts, places, FITS[MAIN])))
        rows.append(row(REPLIES, "watched", by, held_texts(watched, parts, read.replies)))
        if with_latents:
            for what, fit in ((LATENTS, by_latents), (RANDOM_LATENT, by_random_latents(seed))):
                rows.append(row(what, "watched", by, held_scores(by_name, parts, [0] * len(parts), fit)))
            picked += [_picked(by_name, fold, ids) for fold in parts]
        if by == main_by(watched):
            held = held_scores(watched, parts, places, FITS[MAIN])
            beside_them.append(innocents(watched, _twins(beside), parts, places, FITS[MAIN], held))
            if beside is not None:
                scored = scored_others(watched, beside.acts, beside.about, parts, places, FITS[MAIN])
            if not beside_them[-1].pairs:
                unable.append("innocents two by two: no partners of unlike seeds were left out together, and no twins")
    return Apart(
        tuple(rows), tuple(chances), tuple(flips), tuple(beside_them), tuple(scored), tuple(picked), tuple(unable)
    )


def _twins(beside: OthersRead | None) -> OtherActs:
    return {} if beside is None else {name: acts for name, acts in beside.acts.items() if beside.about[name][1]}


def _picked(pairs: Sequence[PairActs], fold: Fold, ids: torch.Tensor) -> LatentsChosen:
    found, signs = chosen([pairs[at] for at in fold.fit])
    return LatentsChosen(
        fold.by, fold.left_out, tuple((int(ids[at]), int(sign)) for at, sign in zip(found, signs, strict=True))
    )
