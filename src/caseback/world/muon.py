"""Muon: momentum made orthogonal (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/).

The step is that of ``torch.optim.Muon``, with which the tests compare it. That one iterates in bfloat16 whatever the
machine: on a CPU that must emulate it a step of a reference model took 9 seconds, and its forward and backward passes
one (measured). This one iterates in the parameters' own type where bfloat16 is not native, all matrices of one shape
together.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from caseback.subject.cpu import native_on_cpu

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5
MOMENTUM = 0.95


def orthogonal(matrices_BMN: torch.Tensor) -> torch.Tensor:
    """Each matrix with its singular values brought near one, by Newton and Schulz's iteration."""
    a, b, c = COEFFICIENTS
    tall = matrices_BMN.shape[1] > matrices_BMN.shape[2]
    X = matrices_BMN.mT if tall else matrices_BMN
    X = X / X.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(ITERATIONS):
        gram = X @ X.mT
        X = torch.baddbmm(X, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), X, beta=a)
    return X.mT if tall else X


class Muon(torch.optim.Optimizer):
    """Steps matrices. The learning rate is scaled by the root of rows over columns where there are more rows."""

    def __init__(self, matrices: Iterable[nn.Parameter], lr: float, weight_decay: float) -> None:
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step on the gradients that are there."""
        loss = closure() if closure else None
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[nn.Parameter]] = {}
            for p in group["params"]:
                if p.grad is not None:
                    by_shape.setdefault(p.shape, []).append(p)
            for (rows, columns), alike in by_shape.items():
                update = torch.stack([self._momentum(p) for p in alike])
                half = update.device.type != "cpu" or native_on_cpu(torch.bfloat16)
                flat = orthogonal(update.bfloat16() if half else update).to(update.dtype)
                rate = group["lr"] * max(1.0, rows / columns) ** 0.5
                for p, direction in zip(alike, flat, strict=True):
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.add_(direction, alpha=-rate)
        return loss

    def _momentum(self, p: nn.Parameter) -> torch.Tensor:
        """Nesterov's momentum."""
        state: dict[str, Any] = self.state[p]
        if p.grad is None:
            raise ValueError("A matrix without a gradient has no momentum.")
        running = state.setdefault("momentum_buffer", torch.zeros_like(p))
        running.lerp_(p.grad, 1 - MOMENTUM)
        return torch.lerp(p.grad, running, MOMENTUM)
