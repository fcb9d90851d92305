"""Active latents of a batch in training: row by row, as many a row as there are."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True, eq=False)
class Entries:
    """N active latents of B rows over a dictionary of ``width`` latents.

    Attributes:
        offsets: Where each row begins [B + 1], int64; the last is N.
        latents: Which latents [N], int32.
        values: Their activations [N], fp32. An entry of value 0 counts for nothing.
        width: Number of latents.
    """

    offsets: Tensor
    latents: Tensor
    values: Tensor
    width: int

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.offsets) - 1

    def row_of(self) -> Tensor:
        """The row of each entry [N]."""
        counts = self.offsets.diff()
        return torch.repeat_interleave(torch.arange(self.rows, device=counts.device), counts)


def kept(entries: Entries, keep: Tensor) -> Entries:
    """The entries marked."""
    counts = torch.bincount(entries.row_of()[keep], minlength=entries.rows)
    offsets = F.pad(counts.cumsum(0), (1, 0))
    return Entries(offsets, entries.latents[keep], entries.values[keep], entries.width)


@dataclass(frozen=True, eq=False)
class Fit:
    """What decoding entries and comparing with the target gave.

    Attributes:
        loss: Weighted squared error, summed over rows and nested reconstructions.
        grads: Gradient with respect to what each group of latents adds [B, groups, d].
        dvalues: Gradient with respect to the values [N].
    """

    loss: float
    grads: Tensor
    dvalues: Tensor


@dataclass(frozen=True, eq=False)
class Order:
    """Entries in the order of their latents: ``starts`` [width + 1] and, per place, the row and the entry."""

    starts: Tensor
    row_of: Tensor
    entry_of: Tensor
