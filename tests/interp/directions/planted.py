"""Activations and models in which a direction was planted, so that what ought to be found is known."""

import torch
from torch import Tensor

from caseback.interp.directions.choose import Split
from caseback.interp.directions.examples import Example


def planted(n: int, width: int, unit_D: Tensor, distance: float, seed: int, families: str = "abcd") -> Split:
    """``2 n`` examples at two places: noise alone at the first, noise and the direction at the second."""
    noise = torch.Generator().manual_seed(seed)
    labels = [i % 2 == 0 for i in range(2 * n)]
    acts_NKD = torch.randn(2 * n, 2, width, generator=noise)
    acts_NKD[:, 1] += torch.tensor(labels)[:, None] * distance * unit_D
    examples = [Example((), label, families[i // 2 % len(families)]) for i, label in enumerate(labels)]
    return Split(examples, acts_NKD)


def unit(width: int, seed: int = 7) -> Tensor:
    drawn = torch.randn(width, generator=torch.Generator().manual_seed(seed))
    return drawn / drawn.norm()
