"""The mean difference of activations per site: how large, how constant, where in the text.

That training leaves a readable constant in the activations on text that has nothing to do with it: Minder et al. 2025,
*Narrow Finetuning Leaves Clearly Readable Traces in Activation Differences* (arXiv 2510.13900).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from caseback.stats.means import Mean, clustered_mean

FIRST = 8
"""Positions told one by one; those behind are told together."""
SINKS = 1
"""First tokens of each passage left out of the means over all tokens: their norms are often hundreds of times larger
than any other (Sun et al. 2024, *Massive Activations*, arXiv 2402.17762), and would be all that is seen."""


@dataclass(frozen=True)
class AtPosition:
    """The difference at one position: ``relative`` sums ‖Δ‖ over sums ‖a‖, ``mean`` ‖mean Δ‖ over mean ‖a‖."""

    position: str
    n: int
    relative: float
    mean: float


@dataclass(frozen=True, eq=False)
class SiteDifference:
    """What differs at one site, over ``n`` tokens (the first of each passage left out).

    Attributes:
        site: Such as resid_post.3.
        n: Tokens.
        norm: Mean L2 norm of the first model's activations.
        mean_norm: L2 norm of the mean difference.
        relative: Sum of ‖Δ‖ over sum of ‖a‖, with an interval over passages.
        mean_relative: ``mean_norm`` over ``norm``.
        constant: Share of the mean squared ‖Δ‖ that the mean difference accounts for; 1 where Δ is the same everywhere.
        by_chance: What ``constant`` would be on average for differences of no common direction: 1 / n.
        halves: Cosine of the mean differences over every other passage: whether the mean is more than noise. NaN
            where a half is empty or does not differ.
        positions: The first positions, those behind them, and the last.
        mean: The mean difference [d].
        mean_before: The mean activation of the first model [d].
    """

    site: str
    n: int
    norm: float
    mean_norm: float
    relative: Mean
    mean_relative: float
    constant: float
    by_chance: float
    halves: float
    positions: tuple[AtPosition, ...]
    mean: Tensor
    mean_before: Tensor


class SiteTally:
    """Adds up one site's differences, passage by passage, in double precision."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.cases: list[tuple[str, float, float]] = []
        self.halves: list[Tensor | None] = [None, None]
        self.before: Tensor | None = None
        self.squares = 0.0
        self.n = 0
        self.at: dict[str, tuple[int, float, float, Tensor]] = {}
        """Per position: tokens, sum of ‖Δ‖, sum of ‖a‖, sum of Δ."""

    @torch.no_grad()
    def add(self, passage: str, before_TD: Tensor, after_TD: Tensor) -> None:
        """Count one passage: activations of both models at all its tokens."""
        before_TD = before_TD.flatten(1).double()
        delta_TD = after_TD.flatten(1).double() - before_TD
        moved_T, norm_T = delta_TD.norm(dim=1), before_TD.norm(dim=1)
        length = len(delta_TD)
        for name, rows in _places(length):
            tokens, a, b, total_D = self.at.get(name, (0, 0.0, 0.0, torch.zeros_like(delta_TD[0])))
            self.at[name] = (
                tokens + len(range(length)[rows]),
                a + float(moved_T[rows].sum()),
                b + float(norm_T[rows].sum()),
                total_D + delta_TD[rows].sum(0),
            )
        kept = slice(SINKS, None)
        if length <= SINKS:
            return
        half = len(self.cases) % 2
        self.cases.append((passage, float(moved_T[kept].sum()), float(norm_T[kept].sum())))
        self.squares += float(moved_T[kept].square().sum())
        self.n += length - SINKS
        self.halves[half] = _plus(self.halves[half], delta_TD[kept].sum(0))
        self.before = _plus(self.before, before_TD[kept].sum(0))

    @property
    def difference(self) -> SiteDifference:
        """What was added up so far, as means. Call it after at least one passage of two tokens."""
        n = max(self.n, 1)
        parts = [half for half in self.halves if half is not None]
        mean_D = torch.stack(parts).sum(0) / n if parts else torch.zeros(0)
        before_D = self.before / n if self.before is not None else torch.zeros(0)
        norm = sum(weight for _, _, weight in self.cases) / n
        mean_norm = float(mean_D.norm())
        return SiteDifference(
            site=self.site,
            n=self.n,
            norm=norm,
            mean_norm=mean_norm,
            relative=clustered_mean(self.cases),
            mean_relative=mean_norm / norm if norm else math.nan,
            constant=mean_norm**2 / (self.squares / n) if self.squares else math.nan,
            by_chance=1 / n,
            halves=cosine(parts[0], parts[1]) if len(parts) == 2 else math.nan,
            positions=tuple(_at(name, *sums) for name, sums in sorted(self.at.items(), key=_order)),
            mean=mean_D.float().cpu(),
            mean_before=before_D.float().cpu(),
        )


def cosine(one: Tensor, other: Tensor) -> float:
    """Cosine of two vectors; NaN where one is zero."""
    norms = float(one.double().norm() * other.double().norm())
    return float(one.double() @ other.double()) / norms if norms else math.nan


def _plus(total: Tensor | None, part: Tensor) -> Tensor:
    return part if total is None else total + part


def _places(length: int) -> list[tuple[str, slice]]:
    """The positions that a passage of this length has, by name."""
    first = [(str(at), slice(at, at + 1)) for at in range(min(FIRST, length))]
    later = [("later", slice(FIRST, length))] if length > FIRST else []
    return [*first, *later, ("last", slice(length - 1, length))]


def _order(item: tuple[str, object]) -> int:
    return int(item[0]) if item[0].isdigit() else FIRST + (item[0] == "last")


def _at(name: str, tokens: int, moved: float, norm: float, total_D: Tensor) -> AtPosition:
    return AtPosition(
        name,
        tokens,
        moved / norm if norm else math.nan,
        float((total_D / tokens).norm()) / (norm / tokens) if norm else math.nan,
    )
