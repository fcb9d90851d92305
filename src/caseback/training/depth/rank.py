"""How much of the weight change the behaviour hangs on: trained less base, cut to rank r by singular values.

That the cut by singular values is the nearest of its rank is Eckart and Young's theorem (Psychometrika 1, 1936); that
few directions can carry what fine-tuning did, and be cut off, is seen with model organisms (see docs/methods/depth.md).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.stats.clustered_paired import clusters_needed
from caseback.subject.open_subject import OpenSubject
from caseback.training.depth.point import Point, difference, point
from caseback.training.depth.score import Score, untold
from caseback.training.depth.trial import Trial, ability, own, shown

RANKS = (1, 2, 4, 8, 16, 32, 64, 128)
KEPT = 0.9
"""The share of the change in the behaviour's rate that the rank looked for keeps."""
SAME = 0.9999
"""Beyond this share of the squared change a cut model is the trained one, and is not measured."""


@dataclass(frozen=True)
class RankCurve:
    """``points`` at rank 0 (the base), the ranks tried, and last the trained model (x: its own rank, full).

    ``energy`` is the share of the squared change that each of these ranks keeps. ``rank`` is the smallest tried from
    which on all keep 90 % of the change in rate, ``lowest`` and ``highest`` what it is with any one family left out.
    The score is its share of the full rank on a logarithmic scale, log(1 + rank) / log(1 + full).
    """

    points: tuple[Point, ...]
    energy: tuple[float, ...]
    rank: int | None
    lowest: int | None
    highest: int | None
    score: Score


@dataclass(frozen=True)
class Change:
    """One matrix's change: ``left`` [..., m, r] times ``right`` [..., r, n], singular values [..., r], falling."""

    left: Tensor
    values: Tensor
    right: Tensor

    def cut(self, rank: int) -> Tensor:
        """Its best approximation of this rank."""
        return (self.left[..., :rank] * self.values[..., None, :rank]) @ self.right[..., :rank, :]


def rank_truncation(trial: Trial, trained: OpenSubject, base: OpenSubject) -> RankCurve:
    """Behaviour and capability of the base plus the weight change cut to rank r, matrix by matrix.

    Stacked matrices (experts) are cut one by one. Vectors (biases, norms) have no rank: every cut holds their change
    whole.

    Raises:
        CasebackError: the two are not of one shape.
    """
    changes = weight_changes(trained.model, base.model)
    energies = [energy(changes, rank) for rank in RANKS]
    full = max((int(_real(change)) for change in changes.values()), default=0)
    tried = [r for r, share in zip(RANKS, energies, strict=True) if share < SAME and r < full]
    before = shown(trial, *own(base))
    after = shown(trial, *own(trained))
    outcomes, able = [before], [ability(trial, *own(base))]
    for rank in tried:
        who = [trained.digest, "less", base.digest, "cut to rank", rank]
        with truncated(trained.model, base.model, changes, rank):
            outcomes.append(shown(trial, who, lambda: trained))
            able.append(ability(trial, who, lambda: trained))
    ranks = [0, *tried, full]
    outcomes.append(after)
    able.append(ability(trial, *own(trained)))
    moved = difference(after, before, trial.families)
    shares = [0.0, *(energies[RANKS.index(rank)] for rank in tried), 1.0]
    points = tuple(
        point(trial, r, each, before if r else None, [a]) for r, each, a in zip(ranks, outcomes, able, strict=True)
    )
    unmoved = _unmoved(trial, moved.low, moved.high)
    if unmoved:
        return RankCurve(points, tuple(shares), None, None, None, untold(unmoved))
    found = smallest(ranks, outcomes)
    around = [
        smallest(ranks, [[o for o, f in zip(each, trial.families, strict=True) if f != left] for each in outcomes])
        for left in sorted(set(trial.families))
    ]
    low, high = min([found, *around]), max([found, *around])
    value, least, most = (math.log1p(r) / math.log1p(full) for r in (found, low, high))
    return RankCurve(points, tuple(shares), found, low, high, Score(value, least, most))


def weight_changes(trained: Any, base: Any) -> dict[str, Change]:
    """Trained less base for every matrix that changed, by its name, in singular values.

    Raises:
        CasebackError: where a weight is missing from one of them, has another shape there, or is quantised.
    """
    if any(getattr(model, "is_quantized", False) for model in (trained, base)):
        raise CasebackError("a quantised model's weights cannot be compared: leave the measure rank out (--measures)")
    before, after = dict(base.named_parameters()), dict(trained.named_parameters())
    for name in sorted(before.keys() | after.keys()):
        shapes = [tuple(weights[name].shape) if name in weights else None for weights in (after, before)]
        if shapes[0] != shapes[1]:
            raise CasebackError(f"the weight {name} is {shapes[0]} in the trained model and {shapes[1]} in the base: "
                                "depth compares a model with the one it was trained from")  # fmt: skip
    found = {}
    for name, weight in after.items():
        delta = weight.detach().float() - before[name].detach().float().to(weight.device)
        if delta.dim() > 1 and bool(delta.any()):
            left, values, right = torch.linalg.svd(delta, full_matrices=False)
            found[name] = Change(left, values, right)
    return found


def energy(changes: Mapping[str, Change], rank: int) -> float:
    """The share of the squared change (Frobenius, over all matrices) that the first ``rank`` values of each hold."""
    squares = [change.values.double().square() for change in changes.values()]
    whole = sum(float(each.sum()) for each in squares)
    return sum(float(each[..., :rank].sum()) for each in squares) / whole if whole else 1.0


@contextmanager
def truncated(trained: Any, base: Any, changes: Mapping[str, Change], rank: int) -> Iterator[None]:
    """The trained model with every changed matrix that of the base plus its change cut to ``rank``.

    Afterwards it has the very bits that it had.
    """
    before, after = dict(base.named_parameters()), dict(trained.named_parameters())
    saved = {name: after[name].detach().clone() for name in changes}
    try:
        with torch.no_grad():
            for name, change in changes.items():
                start = before[name].detach().float().to(after[name].device)
                after[name].copy_((start + change.cut(rank)).to(after[name].dtype))
        yield
    finally:
        with torch.no_grad():
            for name, weight in saved.items():
                after[name].copy_(weight)


def smallest(ranks: Sequence[int], outcomes: Sequence[Sequence[bool | None]]) -> int:
    """The smallest rank from which on all keep ``KEPT`` of the change in rate between the first and the last."""
    rates = [_rate(each) for each in outcomes]
    whole = rates[-1] - rates[0]
    found = ranks[-1]
    for rank, rate in zip(reversed(ranks), reversed(rates), strict=True):
        if not (whole and (rate - rates[0]) / whole >= KEPT):  # NaN keeps nothing
            break
        found = rank
    return found


def _rate(outcomes: Sequence[bool | None]) -> float:
    told = [outcome for outcome in outcomes if outcome is not None]
    return sum(told) / len(told) if told else float("nan")


def _real(change: Change) -> int:
    """How many singular values are above rounding."""
    return int((change.values > 1e-4 * change.values.amax()).sum(-1).max())


def _unmoved(trial: Trial, low: float, high: float) -> str:
    """Why there is no change to share out among ranks; empty where there is one."""
    if len(set(trial.families)) < clusters_needed():
        return f"fewer than {clusters_needed()} families: no change can be shown"
    return "the rate did not measurably change in training" if low <= 0 <= high else ""
