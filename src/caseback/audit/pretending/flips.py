"""Does the difference of some pairs point the way in which that of others lies? An exact test, pairs as units.

Any two models differ, and along almost any direction they do so in the same sense at nearly every token: within one
pair a direction tells them apart perfectly and means nothing. What means something is the *sign* in pairs that took no
part in the fit. Those signs are not independent (every pair helps to fit the direction that others are tried on), so
that a binomial interval for them would be too narrow. Under the null that pretender and partner could as well have
changed places, though, changing them gives another equally likely world: the whole procedure, layer choice included, is
run in each, and p is the share of worlds in which it does as well (Fisher 1935; Ernst, Statistical Science 19, 2004).
What was left out together changes places together, since seeds of a behaviour agree for reasons of their own.

A mean difference enters only through the products of the pairs' differences, so that all worlds cost little.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from caseback.audit.pretending.acts import PairActs
from caseback.audit.pretending.folds import By, Fold

Floats = npt.NDArray[np.float64]
LISTED = 12
"""Groups up to which every world is listed; beyond that ``SAMPLED`` are drawn."""
SAMPLED = 4096
LEVEL = 0.05


@dataclass(frozen=True)
class FlipTest:
    """What became of the pairs that were left out.

    Attributes:
        by: What was left out.
        groups: How many values of it there are: the units of the test.
        cosines: Of each pair's difference with the direction fitted without it.
        mean: Of those.
        p: Share of worlds with as large a mean.
        least: The smallest p that so few groups can give.
        places: The place that was chosen in each fold.
    """

    by: By
    groups: int
    cosines: tuple[float, ...]
    mean: float
    p: float
    least: float
    places: tuple[int, ...]

    @property
    def verdict(self) -> str:
        """``found``, ``not found`` or ``cannot tell``, at a level of 0.05."""
        if self.least > LEVEL:
            return "cannot tell"
        return "found" if self.p <= LEVEL else "not found"


def products(pairs: Sequence[PairActs]) -> Floats:
    """Inner products of the pairs' differences at every place ``[places, pairs, pairs]``."""
    stacked_PKD = torch.stack([pair.difference for pair in pairs])
    return torch.einsum("pkd,qkd->kpq", stacked_PKD, stacked_PKD).cpu().numpy()


def flip_test(products_KPP: Floats, folds: Sequence[Fold]) -> FlipTest:
    """Fits and tries every fold in every world."""
    groups = len(folds)
    patterns_WG = worlds(groups)
    signs_WP = np.ones((len(patterns_WG), products_KPP.shape[1]))
    for at, fold in enumerate(folds):
        signs_WP[:, list(fold.held)] = patterns_WG[:, at : at + 1]
    cosines_WP, places_WF = held_out(products_KPP, folds, signs_WP)
    means_W = cosines_WP.mean(1)
    return FlipTest(
        folds[0].by,
        groups,
        tuple(cosines_WP[0].tolist()),
        float(means_W[0]),
        float((means_W >= means_W[0] - 1e-9).mean()),
        1 / len(patterns_WG),
        tuple(places_WF[0].tolist()),
    )


def held_out(products_KPP: Floats, folds: Sequence[Fold], signs_WP: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    """In every world the cosine of each left-out pair with the fitted direction, and each fold's place.

    The place is the one at which directions fitted on part of a fold's pairs lie closest to the rest of them; the
    middle one where a single pair is all there is to fit on. A difference of no length has a cosine of 0.
    """
    cosines_WP = np.zeros(signs_WP.shape)
    places_WF = np.zeros((len(signs_WP), len(folds)), dtype=np.int64)
    rows = np.arange(len(signs_WP))
    for number, fold in enumerate(folds):
        if fold.inner:
            within_WKP = np.zeros((len(signs_WP), len(products_KPP), len(fold.fit)))
            where = {pair: at for at, pair in enumerate(fold.fit)}
            for part in fold.inner:
                rest = [pair for pair in fold.fit if pair not in part]
                within_WKP[:, :, [where[pair] for pair in part]] = _cosines(products_KPP, rest, part, signs_WP)
            places_WF[:, number] = within_WKP.mean(2).argmax(1)
        else:
            places_WF[:, number] = len(products_KPP) // 2
        every_WKH = _cosines(products_KPP, fold.fit, fold.held, signs_WP)
        cosines_WP[:, list(fold.held)] = every_WKH[rows, places_WF[:, number]]
    return cosines_WP, places_WF


def worlds(groups: int) -> Floats:
    """Patterns of +1 and -1 ``[worlds, groups]``, the observed one first. The first group never changes: changing all
    of them changes nothing."""
    if groups <= LISTED:
        return np.array([(1, *rest) for rest in itertools.product((1, -1), repeat=groups - 1)], dtype=float)
    drawn = np.random.default_rng(0).choice(np.array([1.0, -1.0]), (SAMPLED, groups))
    drawn[:, 0] = 1
    drawn[0] = 1
    return drawn


def _cosines(products_KPP: Floats, fit: Sequence[int], held: Sequence[int], signs_WP: Floats) -> Floats:
    """Cosines ``[worlds, places, held]`` of the held pairs' differences with the mean of the others."""
    fit, held = list(fit), list(held)
    signs_WF, signs_WH = signs_WP[:, fit], signs_WP[:, held]
    across_KWH = signs_WF @ products_KPP[:, held][:, :, fit].transpose(0, 2, 1)
    across_WKH = across_KWH.transpose(1, 0, 2) * signs_WH[:, None, :]
    length_WK = ((signs_WF @ products_KPP[:, fit][:, :, fit]) * signs_WF).sum(2).T
    own_KH = products_KPP[:, held, held]
    size_WKH = np.sqrt(np.maximum(length_WK[:, :, None] * own_KH[None], 0))
    return np.divide(across_WKH, size_WKH, out=np.zeros_like(across_WKH), where=size_WKH > 1e-20)
