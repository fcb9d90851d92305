"""Ways to carry a direction from one model's activations over to another's, from activations at the same tokens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.direction import Direction

RIDGE = 1e-3
"""Weight of the penalty of least squares, and of what is added to covariances, beside their mean variance."""


@dataclass(frozen=True, eq=False)
class Paired:
    """Activations ``[tokens, d]`` of the old and the new model at the same tokens, and the old scores of these."""

    old_TD: Tensor
    new_TD: Tensor
    scores_T: Tensor


@dataclass(frozen=True, eq=False)
class Carried:
    """A direction in the new model: score = (x · vector - zero) / step, as of every direction."""

    vector_D: Tensor
    step: float
    zero: float

    @classmethod
    def of(cls, direction: Direction) -> "Carried":
        """The direction as it is."""
        return cls(direction.vector, direction.step, direction.zero)

    @classmethod
    def from_weights(cls, weights_D: Tensor, offset: float) -> "Carried":
        """Scores x · weights + offset, at the length that directions have.

        Raises:
            CasebackError: the weights have no length.
        """
        norm = float(weights_D.double().norm())
        if not 0 < norm < float("inf"):
            raise CasebackError("the new model's activations say nothing of the old scores: make the detector again")
        return cls((weights_D.double() / norm).float(), 1 / norm, -offset / norm)

    def scores(self, acts_TD: Tensor) -> Tensor:
        """Scores of tokens."""
        return (acts_TD @ self.vector_D - self.zero) / self.step


def as_it_is(fit: Paired, direction: Direction) -> Carried:
    """Nothing is changed: what a map has to be better than."""
    _same_width(fit)
    return Carried.of(direction)


def shift(fit: Paired, direction: Direction) -> Carried:
    """The vector stays; mean and spread of the scores become those that they were."""
    _same_width(fit)
    stays = Carried.of(direction)
    return matched(stays, stays.scores(fit.new_TD), fit.scores_T)


def matched(carried: Carried, scores: Tensor, wanted: Tensor) -> Carried:
    """The direction with its scores stretched and moved so that mean and spread are those of the scores wanted."""
    spread = float(scores.double().std(correction=0))
    if not spread > 0:
        raise CasebackError("the scores are all the same: give more and other texts")
    grow = max(float(wanted.double().std(correction=0)), 1e-9) / spread
    # grow * (s - mean) + wanted mean, written as (x . v - zero) / step.
    zero = carried.zero + carried.step * (float(scores.mean()) - float(wanted.mean()) / grow)
    return Carried(carried.vector_D, carried.step / grow, zero)


def procrustes(fit: Paired, direction: Direction) -> Carried:
    """The rotation that takes the old activations nearest to the new (Schönemann, Psychometrika 31, 1966)."""
    _same_width(fit)
    old_TD, new_TD = fit.old_TD.double(), fit.new_TD.double()
    old_D, new_D = old_TD.mean(0), new_TD.mean(0)
    u_DD, _, vt_DD = torch.linalg.svd((old_TD - old_D).T @ (new_TD - new_D))
    vector_D = direction.vector.double() @ (u_DD @ vt_DD)
    zero = direction.zero + float(vector_D @ new_D) - float(direction.vector.double() @ old_D)
    return Carried((vector_D / vector_D.norm()).float(), direction.step, zero)


def coral(fit: Paired, direction: Direction) -> Carried:
    """Mean and covariance of the new activations made those of the old (Sun, Feng and Saenko 2016, arXiv 1511.05547).

    It needs both models on texts of one kind, and not on the same ones.
    """
    _same_width(fit)
    (old_D, old_DD), (new_D, new_DD) = _moments(fit.old_TD), _moments(fit.new_TD)
    weights_D = _power(new_DD, -0.5) @ (_power(old_DD, 0.5) @ direction.vector.double())
    offset = float(direction.vector.double() @ old_D) - direction.zero - float(weights_D @ new_D)
    return Carried.from_weights(weights_D / direction.step, offset / direction.step)


def least_squares(fit: Paired, direction: Direction | None) -> Carried:
    """The direction that gives the old scores from the new activations, by least squares with a small penalty."""
    x_TD, y_T = fit.new_TD.double(), fit.scores_T.double()
    mean_D, mean = x_TD.mean(0), y_T.mean()
    centred_TD = x_TD - mean_D
    gram_DD = centred_TD.T @ centred_TD
    gram_DD += RIDGE * gram_DD.diagonal().mean() * torch.eye(len(gram_DD), dtype=torch.float64)
    weights_D = torch.linalg.solve(gram_DD, centred_TD.T @ (y_T - mean))
    return Carried.from_weights(weights_D, float(mean - weights_D @ mean_D))


Way = Callable[[Paired, Direction], Carried]
WAYS: Mapping[str, Way] = {
    "as it is": as_it_is,
    "shift": shift,
    "procrustes": procrustes,
    "coral": coral,
    "least squares": least_squares,
}


def _same_width(fit: Paired) -> None:
    if fit.old_TD.shape[1] != fit.new_TD.shape[1]:
        raise CasebackError(
            f"the old model is {fit.old_TD.shape[1]} wide there, the new {fit.new_TD.shape[1]}: only "
            "least squares can carry a direction over"
        )


def _moments(acts_TD: Tensor) -> tuple[Tensor, Tensor]:
    x_TD = acts_TD.double()
    covariance_DD = torch.cov(x_TD.T, correction=0)
    ridge = RIDGE * covariance_DD.diagonal().mean()
    return x_TD.mean(0), covariance_DD + ridge * torch.eye(x_TD.shape[1], dtype=torch.float64)


def _power(symmetric_DD: Tensor, exponent: float) -> Tensor:
    values_D, vectors_DD = torch.linalg.eigh(symmetric_DD)
    return vectors_DD * values_D.clamp_min(1e-12) ** exponent @ vectors_DD.T
