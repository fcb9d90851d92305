"""Gradients of one step of training."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(eq=False)
class Gradients:
    """Gradients of all weights, by name; those of W_enc and W_dec have a row per latent in ``touched``."""

    touched: Tensor
    by_name: dict[str, Tensor]
    squares: float
    fvu: float
    l0: float
