"""Ways to score a text by how much the model that read it is like a pretender, each fitted on some pairs.

A score counts 0 where the partners of those pairs lie on average and 1 where the pretenders do.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from caseback.audit.pretending.acts import PairActs

Score = Callable[[Tensor], Tensor]
"""From activations ``[N, places, d]`` of one model on N texts to their scores ``[N]``."""
Fit = Callable[[Sequence[PairActs], int], Score]
"""``fit(pairs, place)``."""
STRENGTH = 1e-2
"""Inverse strength of the L2 penalty of logistic regression: strong, since there are few pairs."""


@dataclass(frozen=True, eq=False)
class Line:
    """A direction ``[d]`` of length 1, where partners lie along it, and how far from there pretenders do."""

    unit: Tensor
    zero: float
    step: float

    def score(self, acts_ND: Tensor) -> Tensor:
        """Scores ``[N]`` of activations ``[N, d]``."""
        return (acts_ND.double() @ self.unit - self.zero) / self.step


def mean_line(pairs: Sequence[PairActs], place: int) -> Line:
    """The mean of the pairs' differences (Marks and Tegmark 2023, arXiv 2310.06824), each pair counting alike."""
    return line_along(torch.stack([pair.difference[place] for pair in pairs]).mean(0), pairs, place)


def line_along(vector_D: Tensor, pairs: Sequence[PairActs], place: int) -> Line:
    """A vector scaled on pairs, and turned so that their pretenders lie above their partners.

    Where it does not part them at all, a step of 1 keeps scores finite: they then say nothing, as they should.
    """
    norm = vector_D.double().norm()
    unit_D = vector_D.double() / norm if float(norm) > 0 else torch.zeros_like(vector_D, dtype=torch.float64)
    zero, high = (
        float(torch.stack([side.double()[:, place].mean(0) @ unit_D for side in sides]).mean())
        for sides in ([pair.nice for pair in pairs], [pair.pretending for pair in pairs])
    )
    if high < zero:
        unit_D, zero, high = -unit_D, -zero, -high
    return Line(unit_D, zero, high - zero or 1.0)


def mean_difference(pairs: Sequence[PairActs], place: int) -> Score:
    """Along the mean of the pairs' differences."""
    line = mean_line(pairs, place)
    return lambda acts_NKD: line.score(acts_NKD[:, place])


def logistic(pairs: Sequence[PairActs], place: int) -> Score:
    """Along the weights of logistic regression on standardised activations of single texts."""
    from sklearn.linear_model import LogisticRegression

    sides = [side for pair in pairs for side in (pair.pretending, pair.nice)]
    x_MD = torch.cat([side[:, place] for side in sides]).double()
    labels_M = [at % 2 == 0 for at, side in enumerate(sides) for _ in range(len(side))]
    scale_D = x_MD.std(0, correction=0)
    scale_D = torch.where(scale_D > 1e-8, scale_D, torch.ones_like(scale_D))
    model = LogisticRegression(C=STRENGTH, max_iter=500)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a last digit that has not converged changes no ranking
        model.fit(((x_MD - x_MD.mean(0)) / scale_D).numpy(), labels_M)
    line = line_along(torch.from_numpy(model.coef_[0]) / scale_D, pairs, place)
    return lambda acts_NKD: line.score(acts_NKD[:, place])


def drift(pairs: Sequence[PairActs], place: int) -> Score:
    """How far the model moved from its base, whichever way: a pretender may simply have moved further, or less far."""

    def length(acts_NKD: Tensor) -> Tensor:
        return acts_NKD[:, place].double().norm(dim=1)

    high, zero = (
        float(torch.stack([length(side).mean() for side in sides]).mean())
        for sides in ([pair.pretending for pair in pairs], [pair.nice for pair in pairs])
    )
    step = high - zero or 1.0
    return lambda acts_NKD: (length(acts_NKD) - zero) / step


def random_line(seed: int) -> Fit:
    """Along a random direction, turned on the pairs as a fitted one is: what anybody would get."""

    def fit(pairs: Sequence[PairActs], place: int) -> Score:
        width = pairs[0].pretending.shape[-1]
        drawn_D = torch.randn(width, generator=torch.Generator().manual_seed(seed))
        line = line_along(drawn_D, pairs, place)
        return lambda acts_NKD: line.score(acts_NKD[:, place])

    return fit


FITS: Mapping[str, Fit] = {"direction (mean)": mean_difference, "direction (logistic)": logistic, "drift norm": drift}
MAIN = "direction (mean)"
