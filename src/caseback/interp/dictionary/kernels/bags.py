"""Decoding, comparing and differentiating one after the other, so that something can come between: the sum of what
other processes decoded.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from caseback.interp.dictionary.entries import Entries


@dataclass(frozen=True, eq=False)
class Bags:
    """Entries as bags, one per row and nested reconstruction: bag row * groups + i holds those of row and group i.

    Attributes:
        latents: Of each entry [N], bag by bag.
        values: Their activations [N].
        starts: Where each bag begins [bags + 1].
        bag_N: The bag of each.
        order: Which entry each was; None where they lie as they were.
        groups: Nested reconstructions.
    """

    latents: Tensor
    values: Tensor
    starts: Tensor
    bag_N: Tensor
    order: Tensor | None
    groups: int


def bagged(entries: Entries, bounds: Tensor) -> Bags:
    """The entries in bags; ``bounds`` are the ends of the nested groups of latents."""
    groups, row_N = len(bounds), entries.row_of()
    if groups == 1:
        return Bags(entries.latents.long(), entries.values, entries.offsets, row_N, None, 1)
    group_N = torch.bucketize(entries.latents, bounds[:-1], right=True)
    bag_N, order = (row_N * groups + group_N).sort(stable=True)
    starts = F.pad(torch.bincount(bag_N, minlength=entries.rows * groups).cumsum(0), (1, 0))
    return Bags(entries.latents[order].long(), entries.values[order], starts, bag_N, order, groups)


def decode(bags: Bags, W_dec: Tensor) -> Tensor:
    """What each group of latents adds to the reconstruction [B, groups, d]."""
    return F.embedding_bag(
        bags.latents, W_dec, bags.starts, per_sample_weights=bags.values, mode="sum", include_last_offset=True
    ).view(-1, bags.groups, W_dec.shape[1])


def written(entries: Entries, W_dec: Tensor) -> Tensor:
    """What all entries of a row write together [B, d]."""
    return decode(bagged(entries, torch.zeros(1)), W_dec)[:, 0]


def compare(added_BGD: Tensor, base: Tensor, target_BD: Tensor, weight: float) -> tuple[float, Tensor]:
    """Weighted squared error of the nested reconstructions, and its gradient with respect to what each group adds."""
    error = added_BGD.cumsum(1) + (base if base.dim() == 1 else base[:, None]) - target_BD[:, None]
    loss = float(error.double().square().sum()) * weight
    return loss, (error * (2 * weight)).flip(1).cumsum(1).flip(1)


def dots(bags: Bags, W_dec: Tensor, grads_BGD: Tensor) -> Tensor:
    """Gradient with respect to the values of the entries [N]."""
    if W_dec.device.type == "cpu":
        found = torch.ops.aten._embedding_bag_per_sample_weights_backward(
            grads_BGD.flatten(0, 1), W_dec, bags.latents, bags.starts[:-1].contiguous(), bags.bag_N, 0
        )
    else:
        found = (grads_BGD.flatten(0, 1)[bags.bag_N] * W_dec[bags.latents]).sum(1)
    if bags.order is None:
        return found
    dvalues = torch.empty_like(found)
    dvalues[bags.order] = found
    return dvalues
