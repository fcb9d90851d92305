"""How well a score tells pretenders from partners in pairs that it was not fitted on.

Three units, never mixed: **texts** (AUROC and recall; clusters are pairs), **pairs** (is the pretender the higher of
the two?), and **models** (does one threshold serve for all?).
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from caseback.audit.pretending.acts import PairActs
from caseback.audit.pretending.fits import Fit, random_line
from caseback.audit.pretending.folds import By, Fold
from caseback.audit.pretending.texts import Kind
from caseback.stats.auroc import Auroc, auroc
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.means import Mean, clustered_mean
from caseback.stats.rate import Rate
from caseback.stats.threshold import Caught, caught_at, set_threshold

STRICT = 0.01
"""The rate of false positives at which recall is told."""
RANDOMS = 50


@dataclass(frozen=True)
class Held:
    """Scores of the texts in both models of a pair that was left out, and the threshold for 1 % false positives set on
    the partners of the pairs that the score was fitted on."""

    pair: str
    group: str
    pretending: tuple[float, ...]
    nice: tuple[float, ...]
    limit: float

    @property
    def difference(self) -> float:
        """The pretender's mean score less its partner's: 1 where it is as large as in the pairs fitted on."""
        return statistics.fmean(self.pretending) - statistics.fmean(self.nice)


@dataclass(frozen=True)
class Row:
    """One score on one kind of text, one sort of thing left out.

    Attributes:
        auroc: Over texts, those of pretenders against those of partners, all left-out pairs together; by pairs.
        at: Recall where 1 % of these partners' own texts alarm.
        calibrated: Recall and false alarms at the threshold that was set on the pairs fitted on, over texts.
        apart: Share of pairs in which the pretender scores higher on average. Its interval takes what was left out
            together as a cluster, and is still too narrow, since folds share pairs: ``flips`` has the exact test.
        models: AUROC of mean scores of models: pretenders against partners, whichever pair they are of.
        difference: Mean over pairs of the pretender's mean score less its partner's.
    """

    what: str
    kind: Kind
    by: By
    auroc: Auroc
    at: Caught
    calibrated: Caught
    apart: Rate
    models: Auroc
    difference: Mean


@dataclass(frozen=True)
class Chance:
    """``n`` random directions at the same places: mean and 95th percentile of their AUROC and their share of pairs
    told apart."""

    kind: Kind
    by: By
    n: int
    auroc: float
    auroc_high: float
    apart: float
    apart_high: float


def held_scores(pairs: Sequence[PairActs], folds: Sequence[Fold], places: Sequence[int], fit: Fit) -> list[Held]:
    """Scores of every left-out pair, by a fit on the others at the place of its fold."""
    found = []
    for fold, place in zip(folds, places, strict=True):
        fitted = [pairs[at] for at in fold.fit]
        score = fit(fitted, place)
        negatives = [(pair.name, value) for pair in fitted for value in score(pair.nice).tolist()]
        limit = set_threshold([value for _, value in negatives], [name for name, _ in negatives], STRICT).value
        for at in fold.held:
            pair = pairs[at]
            found.append(
                Held(
                    pair.name, fold.left_out, tuple(score(pair.pretending).tolist()), tuple(score(pair.nice).tolist()),
                    limit,
                )
            )  # fmt: skip
    return found


def row(what: str, kind: Kind, by: By, held: Sequence[Held]) -> Row:
    """What these scores say."""
    cases = [(value, True, each) for each in held for value in each.pretending]
    cases += [(value, False, each) for each in held for value in each.nice]
    scores, labels = [value for value, _, _ in cases], [label for _, label, _ in cases]
    clusters = [each.pair for _, _, each in cases]
    means = [(statistics.fmean(side), label, each.group) for each in held
             for side, label in ((each.pretending, True), (each.nice, False))]  # fmt: skip
    return Row(
        what,
        kind,
        by,
        auroc(scores, labels, clusters),
        caught_at(STRICT, scores, labels, clusters),
        Caught(math.nan, *(_above(cases, label) for label in (True, False))),
        clustered_rate(by_cluster([each.group for each in held], [each.difference > 0 for each in held])),
        auroc([m for m, _, _ in means], [label for _, label, _ in means], [group for _, _, group in means]),
        clustered_mean((each.group, each.difference, 1.0) for each in held),
    )


def chance(
    kind: Kind, by: By, pairs: Sequence[PairActs], folds: Sequence[Fold], places: Sequence[int], seed: int
) -> Chance:
    """Random directions, tried on the same pairs at the same places."""
    areas, apart = [], []
    for number in range(RANDOMS):
        high_PN, low_PN = [], []
        for fold, place in zip(folds, places, strict=True):
            score = random_line(seed * RANDOMS + number)([pairs[at] for at in fold.fit], place)
            high_PN += [score(pairs[at].pretending) for at in fold.held]
            low_PN += [score(pairs[at].nice) for at in fold.held]
        areas.append(area(torch.cat(high_PN), torch.cat(low_PN)))
        apart.append(statistics.fmean(float(a.mean() > b.mean()) for a, b in zip(high_PN, low_PN, strict=True)))
    high = round(0.95 * (RANDOMS - 1))
    return Chance(
        kind, by, RANDOMS, statistics.fmean(areas), sorted(areas)[high], statistics.fmean(apart), sorted(apart)[high]
    )


def area(positives_M: Tensor, negatives_N: Tensor) -> float:
    """The chance that a positive lies above a negative, ties counting half."""
    above_MN = positives_M[:, None] - negatives_N[None]
    return float((above_MN > 0).double().mean() + 0.5 * (above_MN == 0).double().mean())


def _above(cases: Sequence[tuple[float, bool, Held]], label: bool) -> Rate:
    part = [(each.pair, value > each.limit) for value, truth, each in cases if truth == label]
    counts: Mapping[str, tuple[int, int]] = by_cluster([name for name, _ in part], [event for _, event in part])
    return clustered_rate(counts)
