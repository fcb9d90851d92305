"""How well a dictionary says what it is given, and in how few words."""

from dataclasses import dataclass

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Codes, Dictionary, decode, encode


def fvu(target_BE: Tensor, x_hat_BE: Tensor) -> float:
    """Fraction of variance unexplained: squared error over squared distance from the mean, both summed.

    Raises:
        CasebackError: the target does not vary, so that nothing can be explained.
    """
    target, x_hat = target_BE.double(), x_hat_BE.double()
    total = float((target - target.mean(0)).square().sum())
    if not total > 0:
        raise CasebackError("the activations do not vary, so no variance can be explained: give different tokens")
    return float((target - x_hat).square().sum()) / total


def l0(codes: Codes) -> float:
    """Mean number of active latents per token."""
    return float((codes.values_BK > 0).sum(1).double().mean())


@dataclass
class Quality:
    """Adds up FVU, L0 and which latents fire over batches of tokens. Give it ``add`` and read the properties."""

    def __init__(self, d_out: int, width: int) -> None:
        self.tokens = 0
        self.squared_error = 0.0
        self.active = 0
        self.fired_F = torch.zeros(width, dtype=torch.int64)
        self._sum_E = torch.zeros(d_out, dtype=torch.float64)
        self._squares = 0.0

    def add(self, dictionary: Dictionary, x_BD: Tensor, target_BE: Tensor) -> None:
        """Count a batch: what the dictionary reads, and what it should write."""
        codes = encode(dictionary, x_BD)
        active_BK = codes.values_BK > 0
        self.fired_F += torch.bincount(codes.indices_BK[active_BK], minlength=len(self.fired_F)).cpu()
        self.count(decode(dictionary, codes, x_BD), target_BE, int(active_BK.sum()))

    def count(self, x_hat_BE: Tensor, target_BE: Tensor, active: int) -> None:
        """Count a batch that was reconstructed elsewhere: so many active latents in all, which ones it does not say."""
        error = target_BE.double() - x_hat_BE.double()
        self.squared_error += float(error.square().sum())
        self._sum_E += target_BE.double().sum(0).cpu()
        self._squares += float(target_BE.double().square().sum())
        self.active += active
        self.tokens += len(target_BE)

    @property
    def fvu(self) -> float:
        """Fraction of variance unexplained over all tokens so far."""
        total = self._squares - float(self._sum_E.square().sum()) / max(self.tokens, 1)
        if not total > 0:
            raise CasebackError("the activations do not vary, so no variance can be explained: give different tokens")
        return self.squared_error / total

    @property
    def l0(self) -> float:
        """Mean number of active latents per token."""
        return self.active / max(self.tokens, 1)

    @property
    def alive(self) -> float:
        """Share of latents that fired at any token so far. Says little on few tokens."""
        return float((self.fired_F > 0).double().mean())
