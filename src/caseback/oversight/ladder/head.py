"""A verdict's head: logistic regression on activations, learned from labels that may be soft, or wrong.

Weak-to-strong training with frozen features (Burns et al. 2023, arXiv 2312.09390, section 5.3 and appendix D.3 has
linear probing beside finetuning), so that a pair of models costs a second and all pairs can be measured at many seeds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

Floats = npt.NDArray[np.float32]
Loss = Callable[[Tensor, Tensor, float], Tensor]
"""``loss(logits [n], soft labels [n], share of training done)``, a scalar."""

STEPS, RATE, DECAY = 150, 0.02, 3e-2
WARM_UP, CONFIDENCE = 0.2, 0.5


@dataclass(frozen=True, eq=False)
class Head:
    """Weights [d] on standardised activations, and a bias."""

    mean: Floats
    scale: Floats
    weights: Floats
    bias: float

    def logits(self, acts: Floats) -> Floats:
        """Log-odds of a breach, in nats, ``[cases]``."""
        return np.asarray((acts - self.mean) / self.scale @ self.weights + self.bias, dtype=np.float32)

    def probabilities(self, acts: Floats) -> Floats:
        """Of a breach, ``[cases]``."""
        return np.asarray(1 / (1 + np.exp(-np.clip(self.logits(acts), -30, 30))), dtype=np.float32)


def naive(logits_N: Tensor, soft_N: Tensor, done: float) -> Tensor:
    """Cross-entropy with the labels as they are."""
    return functional.binary_cross_entropy_with_logits(logits_N, soft_N)


def confidence_weight(done: float, largest: float = CONFIDENCE, warm_up: float = WARM_UP) -> float:
    """How much the student's own hardened word counts at a share of training done.

    It rises in a straight line and without a jump. (The published code takes the share of *training* done until the
    warm-up ends and 1 from there on, so that with a warm-up of 0.1 it leaps from a tenth to the whole.)
    """
    return largest * min(1.0, done / warm_up)


def confident(logits_N: Tensor, soft_N: Tensor, done: float) -> Tensor:
    """Cross-entropy with labels mixed with the student's own hardened predictions (Burns et al., appendix A.4).

    The threshold that hardens them calls as many cases a breach as the labels do.
    """
    weight = confidence_weight(done)
    own = logits_N.detach()
    threshold = torch.quantile(own, 1 - soft_N.mean())
    return functional.binary_cross_entropy_with_logits(logits_N, (1 - weight) * soft_N + weight * (own > threshold))


def fit(acts: Floats, soft: Floats, loss: Loss = naive, seed: int = 0) -> Head:
    """The head of least loss after a fixed number of steps, the same for every arm; deterministic in its arguments.

    Args:
        acts: ``[n, d]``.
        soft: probabilities of a breach, ``[n]``.
        seed: of the starting weights.

    Raises:
        ValueError: unequal lengths, or no cases.
    """
    if not len(acts) or len(acts) != len(soft):
        raise ValueError(f"{len(acts)} cases and {len(soft)} labels: give at least one, and one label each")
    mean, spread = acts.mean(0), acts.std(0)
    scale = np.where(spread > 1e-6, spread, 1).astype(np.float32)
    x_ND, y_N = torch.from_numpy((acts - mean) / scale), torch.from_numpy(np.asarray(soft, dtype=np.float32))
    generator = torch.Generator().manual_seed(seed)
    width = x_ND.shape[1]
    weights_D = (torch.randn(width, generator=generator) * 0.01 / width**0.5).requires_grad_()
    bias = torch.zeros((), requires_grad=True)
    parts: list[dict[str, Any]] = [{"params": [weights_D], "weight_decay": DECAY}, {"params": [bias]}]
    optimiser = torch.optim.Adam(parts, lr=RATE)
    for step in range(STEPS):
        optimiser.zero_grad()
        loss(x_ND @ weights_D + bias, y_N, step / STEPS).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return Head(mean, scale, weights_D.detach().numpy(), float(bias.detach()))
